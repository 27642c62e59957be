import { after } from '../clock.ts';
import { enpass } from '../enpass.ts';
import { affecting, atDesk, by, inAdminConsole, inEnpass, type Stage } from '../scene.ts';

/**
 * Twenty days ago: the marketing lead loses his telephone and with it his second factor. An administrator resets his 2FA in
 * both products and ends his sessions; he sets everything up on a new telephone.
 */
export function lostPhone({ cast, clock, random, add }: Stage): void {
  const member = cast.person('mateo.fuentes');
  const administrator = cast.person('priya.raghunathan');
  const at = clock.at(clock.workday(-20), 10, 6, member.zone);
  const desk = atDesk(member, random.hex(16));
  for (const seconds of [0, 34, 71]) {
    add(after(at, 0, seconds), { action: 'passwork.user_2fa_auth_failed', ...by(member, atDesk(member)) });
  }

  const help = { ...by(administrator, atDesk(administrator, random.hex(16))), ...affecting(member) };
  const adminConsole = { ...by(administrator, inAdminConsole(administrator)), ...affecting(member) };
  add(after(at, 22), { action: 'passwork.user_2fa_reset_by_admin', ...help, metadata: { ticket: 'IT-4417' } });
  add(after(at, 23), { action: 'passwork.session_reset', ...help });
  add(after(at, 26), { action: enpass.mfaReset, ...adminConsole, metadata: { ticket: 'IT-4417' } });
  add(after(at, 27), { action: enpass.deviceDeprovisioned, ...adminConsole, device: 'iPhone 14' });

  const phone = { ...inEnpass(member), device: 'iPhone 16', userAgent: 'Enpass/6.11.13 (iOS 18.6)' };
  add(after(at, 95), { action: 'passwork.session_started', ...by(member, desk) });
  add(after(at, 97), { action: 'passwork.user_2fa_auth_set_up', ...by(member, desk) });
  add(after(at, 110), { action: enpass.deviceRegistered, ...by(member, phone) });
  add(after(at, 112), { action: enpass.mfaEnabled, ...by(member, phone), ...affecting(member) });
  add(after(at, 113), { action: enpass.biometricsConfigured, ...by(member, phone) });
}
