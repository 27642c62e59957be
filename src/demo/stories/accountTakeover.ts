import { after } from '../clock.ts';
import { enpass } from '../enpass.ts';
import { affecting, atDesk, atHome, by, inAdminConsole, type Origin, type Stage } from '../scene.ts';
import { rotated } from './rotation.ts';

/** What the attacker’s telephone calls itself. */
export const foreignDevice = 'Pixel 6 (unknown)';

/**
 * Nine days ago, in the evening: somebody has the finance controller’s password, fails at the second factor seven times,
 * and registers a new device in her Enpass account. She reports it; an administrator shuts everything and she starts afresh.
 */
export function accountTakeover(stage: Stage): void {
  const { cast, clock, random, add } = stage;
  const day = clock.workday(-9);
  const victim = cast.person('anneke.de.wit');
  const administrator = cast.person('priya.raghunathan');
  const attacker: Origin = {
    component: 'mobile',
    ip: '203.0.113.77',
    userAgent:
      'Mozilla/5.0 (Linux; Android 13; Pixel 6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36',
    device: foreignDevice,
  };

  let at = clock.at(day, 19, 41, victim.zone);
  for (let attempt = 0; attempt < 7; attempt += 1) {
    add(at, { action: 'passwork.user_2fa_auth_failed', ...by(victim, attacker) });
    at = after(at, 0, random.between(21, 52));
  }
  add(after(at, 2), {
    action: enpass.appSignInFailed,
    ...by(victim, { ...attacker, component: 'app' }),
  });
  add(after(at, 6), {
    action: enpass.deviceRegistered,
    ...by(victim, { ...attacker, component: 'app' }),
  });

  const respond = after(at, 31);
  const remote = atHome(administrator, random.hex(16));
  add(respond, { action: 'passwork.session_started', ...by(administrator, remote) });
  add(after(respond, 2), { action: 'passwork.session_reset', ...by(administrator, remote), ...affecting(victim) });
  add(after(respond, 4), {
    action: 'passwork.user_password_reset',
    ...by(administrator, remote),
    ...affecting(victim),
  });
  add(after(respond, 7), {
    action: enpass.deviceDeprovisioned,
    ...by(administrator, inAdminConsole(administrator)),
    ...affecting(victim),
    device: foreignDevice,
  });

  const next = clock.at(day, 24 + 8, 52, victim.zone);
  const desk = atDesk(victim, random.hex(16));
  add(next, { action: 'passwork.session_started', ...by(victim, desk) });
  add(after(next, 1), { action: 'passwork.user_password_changed', ...by(victim, desk) });
  add(after(next, 4), { action: 'passwork.user_2fa_auth_set_up', ...by(victim, desk) });
  for (const [index, item] of cast.itemsUnder('folder-finance-banking').entries()) {
    add(after(next, 10 + index * 6), rotated(victim, desk, item, 'rotation after account take-over attempt'));
  }
}
