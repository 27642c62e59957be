import { after } from '../clock.ts';
import { enpass } from '../enpass.ts';
import { affecting, by, bySystem, inAdminConsole, inEnpass, type Stage } from '../scene.ts';

/**
 * Three recovery requests in Enpass: one approved and completed, one that nobody looked at and that expired, and one that
 * an administrator declined because the person had not asked for it.
 */
export function recovery({ cast, clock, random, add }: Stage): void {
  const administrator = cast.person('priya.raghunathan');
  const adminConsole = by(administrator, inAdminConsole(administrator));

  const owner = cast.person('sophie.tremblay');
  const asked = clock.at(clock.workday(-14), 9, random.between(5, 40), owner.zone);
  add(asked, { action: enpass.recoveryInitiated, ...by(owner, inEnpass(owner)), ...affecting(owner) });
  add(after(asked, 47), { action: enpass.consoleSignIn, ...adminConsole });
  add(after(asked, 52), {
    action: enpass.recoveryApproved,
    ...adminConsole,
    ...affecting(owner),
    metadata: { verifiedBy: 'video call' },
  });
  add(after(asked, 71), { action: enpass.recovered, ...by(owner, inEnpass(owner)), ...affecting(owner) });
  add(after(asked, 73), { action: enpass.masterPasswordChanged, ...by(owner, inEnpass(owner)) });

  const forgotten = cast.person('minh.nguyen');
  const friday = clock.at(clock.workday(-46), 17, 20, forgotten.zone);
  add(friday, { action: enpass.recoveryInitiated, ...by(forgotten, inEnpass(forgotten)), ...affecting(forgotten) });
  add(after(friday, 48 * 60), { action: enpass.recoveryExpired, ...bySystem('Enpass Hub'), ...affecting(forgotten) });

  const impostured = cast.person('darnell.brooks');
  const attempt = clock.at(clock.workday(-8), 22, 14, impostured.zone);
  add(attempt, {
    action: enpass.recoveryInitiated,
    ...by(impostured, {
      component: 'app',
      ip: '203.0.113.90',
      userAgent: 'Enpass/6.11.13 (Windows 11)',
      device: 'Unknown PC',
    }),
    ...affecting(impostured),
  });
  add(after(attempt, 11 * 60), {
    action: enpass.recoveryDeclined,
    ...adminConsole,
    ...affecting(impostured),
    metadata: { reason: 'not requested by the user' },
  });
}
