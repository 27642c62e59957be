import { after } from '../clock.ts';
import { affecting, atDesk, by, byStranger, changing, type Origin, type Stage } from '../scene.ts';

const agents = [
  'python-requests/2.32.3',
  'Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:60.0) Gecko/20100101 Firefox/60.0',
];
const guesses = ['admin', 'administrator', 'root', 'info', 'backup', 'j.smith', 'helpdesk', 'test', 'scanner', 'sales'];

/**
 * Seventeen nights ago: somebody tries two common passwords on every account, from three addresses and without one
 * success, then more on two of them until those are blocked. In the morning an administrator unblocks them and tightens
 * the rule.
 */
export function passwordSpray(stage: Stage): void {
  const { cast, clock, random, add } = stage;
  const day = clock.workday(-17);
  const administrator = cast.person('tomasz.wieczorek');
  const blocked = [cast.person('mateo.fuentes'), cast.person('kwame.asante')];
  const outside = (): Origin => ({
    component: 'web',
    ip: random.pick(['203.0.113.21', '203.0.113.22', '203.0.113.148']),
    userAgent: random.pick(agents),
  });
  let at = clock.at(day, 2, 10, 'UTC');
  const pause = () => {
    at = after(at, 0, random.between(7, 40));
    return at;
  };

  for (const login of guesses) {
    add(pause(), {
      action: 'passwork.user_auth_failed_login_not_found',
      ...byStranger(outside(), login),
    });
  }
  const employees = cast.people.filter((person) => person.role !== null);
  for (const person of [...employees, ...employees, ...blocked, ...blocked, ...blocked]) {
    add(pause(), { action: 'passwork.user_auth_failed', ...by(person, outside()) });
  }
  for (const person of blocked) {
    add(pause(), {
      action: 'passwork.user_auth_blocked',
      ...by(person, outside()),
      metadata: { failedAttempts: 5, reason: 'too many failed sign-in attempts' },
    });
  }

  let morning = clock.at(day, 7, 38, administrator.zone);
  const desk = atDesk(administrator, random.hex(16));
  add(morning, { action: 'passwork.session_started', ...by(administrator, desk) });
  for (const person of blocked) {
    morning = after(morning, 3, 12);
    add(morning, { action: 'passwork.user_unblocked', ...by(administrator, desk), ...affecting(person) });
  }
  add(after(morning, 9), {
    action: 'passwork.settings_changed',
    ...by(administrator, desk),
    ...changing('failedSignInAttemptsBeforeBlock', '5', '3'),
  });
}
