import { after } from '../clock.ts';
import { enpass } from '../enpass.ts';
import { joinsOn } from '../people.ts';
import { affecting, atDesk, by, inAdminConsole, inEnpass, on, type Stage } from '../scene.ts';

/** Six weeks ago: a platform engineer joins. Invited, registered, confirmed, put into her group, second factor on day one. */
export function onboarding({ cast, clock, random, add }: Stage): void {
  const joiner = cast.person('zanele.khumalo');
  const administrator = cast.person('priya.raghunathan');
  const group = cast.group('group-platform');
  const toGroup = on('group', group.externalId, group.name);
  const day = clock.workday(joinsOn);
  const desk = by(administrator, atDesk(administrator, random.hex(16)));
  const about = affecting(joiner);

  const invited = clock.at(clock.workday(day - 4), 15, 30, administrator.zone);
  add(invited, { action: 'passwork.userInvite_created', ...desk, ...about });
  add(after(invited, 1), { action: 'passwork.user_invite_sent', ...desk, ...about });

  const at = clock.at(day, 9, 14, joiner.zone);
  const own = by(joiner, atDesk(joiner, random.hex(16)));
  const adminConsole = by(administrator, inAdminConsole(administrator));
  add(at, { action: 'passwork.user_not_confirmed_registered', ...own, ...about });
  add(after(at, 21), { action: 'passwork.user_confirmed', ...desk, ...about });
  add(after(at, 23), { action: 'passwork.user_added_to_userGroup', ...desk, ...about, ...toGroup });
  add(after(at, 30), { action: 'passwork.session_started', ...own });
  add(after(at, 33), { action: 'passwork.user_2fa_auth_set_up', ...own });
  add(after(at, 35), { action: 'passwork.session_pin_code_set', ...own, component: 'browser extension' });
  add(after(at, 40), { action: enpass.userCreated, ...adminConsole, ...about });
  add(after(at, 41), { action: enpass.userAddedToGroup, ...adminConsole, ...about, ...toGroup });
  add(after(at, 58), { action: enpass.deviceRegistered, ...by(joiner, inEnpass(joiner)) });
  add(after(at, 59), { action: enpass.mfaEnabled, ...by(joiner, inEnpass(joiner)), ...about });
}
