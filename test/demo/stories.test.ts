import { describe, expect, test } from 'vitest';
import { createDemoWorld, type DemoEntry } from '../../src/demo/demo.ts';

/** Seven consecutive days: a story must hold together on whatever weekday the demo starts, and early in the day too. */
const moments = [1, 2, 3, 4, 5, 6, 7].map((day) => new Date(Date.UTC(2026, 3, day, 1, 30)));

describe.each(moments)('told on %s', (now) => {
  const { entries } = createDemoWorld({ now });
  const of = (action: string) => entries.filter((entry) => entry.action === action);
  const about = (id: string, list: readonly DemoEntry[]) => list.filter((entry) => entry.affectedUser?.id === id);
  const first = (list: readonly DemoEntry[]) => list.at(0)?.occurredAt.getTime() ?? Number.NaN;
  const last = (list: readonly DemoEntry[]) => list.at(-1)?.occurredAt.getTime() ?? Number.NaN;
  const hourIn = (zone: string, entry: DemoEntry | undefined) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' }).format(entry?.occurredAt);

  test('password spray: many accounts from three addresses, no success, two blocked and unblocked', () => {
    const tries = of('passwork.user_auth_failed').filter((entry) => entry.ip?.startsWith('203.0.113.'));
    expect(new Set(tries.map((entry) => entry.actor?.id)).size).toBeGreaterThanOrEqual(20);
    expect(new Set(tries.map((entry) => entry.ip)).size).toBe(3);
    expect(of('passwork.user_auth_failed_login_not_found').length).toBe(10);
    expect(of('passwork.session_started').some((entry) => entry.ip?.startsWith('203.0.113.'))).toBe(false);
    const blocked = of('passwork.user_auth_blocked').map((entry) => entry.actor?.id);
    expect(blocked.sort()).toEqual(['kwame.asante', 'mateo.fuentes']);
    const unblocked = of('passwork.user_unblocked');
    expect(unblocked.map((entry) => entry.affectedUser?.id).sort()).toEqual(blocked);
    expect(first(unblocked)).toBeGreaterThan(last(of('passwork.user_auth_blocked')));
    expect(of('passwork.settings_changed').at(0)?.changes).toEqual([
      { field: 'failedSignInAttemptsBeforeBlock', before: '5', after: '3' },
    ]);
  });

  test('account take-over: TOTP fails from outside, a new device, then reset and removal', () => {
    const failures = of('passwork.user_2fa_auth_failed').filter((entry) => entry.actor?.id === 'anneke.de.wit');
    expect(failures.length).toBe(7);
    expect(new Set(failures.map((entry) => entry.ip))).toEqual(new Set(['203.0.113.77']));
    const device = of('enpass.device_registered').filter((entry) => entry.device === 'Pixel 6 (unknown)');
    expect(first(device)).toBeGreaterThan(last(failures));
    const removal = about('anneke.de.wit', of('enpass.device_deprovisioned'));
    expect(removal.map((entry) => entry.device)).toEqual(['Pixel 6 (unknown)']);
    expect(first(removal)).toBeGreaterThan(first(device));
    expect(about('anneke.de.wit', of('passwork.user_password_reset')).length).toBe(1);
  });

  test('off-boarding: many secrets opened at home, access revoked, everything opened is rotated, no trace afterwards', () => {
    const byHim = entries.filter((entry) => entry.actor?.id === 'jonas.lindqvist');
    const viewed = byHim.filter((entry) => entry.action === 'passwork.item_viewed');
    const sessions = [...Map.groupBy(viewed, (entry) => entry.session).values()].filter((views) => views.length > 8);
    expect(sessions.length).toBe(3);
    const evenings = sessions.flat();
    expect(evenings.every((entry) => Number(hourIn('Europe/Amsterdam', entry)) >= 19)).toBe(true);
    expect(new Set(evenings.map((entry) => entry.ip)).size).toBe(1);
    const opened = new Set(evenings.map((entry) => entry.targets?.[0]?.id));
    expect(opened.size).toBe(27);
    expect(byHim.some((entry) => entry.action === 'passwork.item_exported')).toBe(true);
    const blocked = about('jonas.lindqvist', of('passwork.user_blocked'));
    expect(blocked.length).toBe(1);
    expect(about('jonas.lindqvist', of('passwork.vault_user_access_revoked')).length).toBe(2);
    expect(last(byHim)).toBeLessThan(first(blocked));
    const rotations = of('passwork.item_updated').filter(
      (entry) => entry.metadata?.reason === 'rotation after off-boarding',
    );
    expect(new Set(rotations.map((entry) => entry.targets?.[0]?.id))).toEqual(opened);
    expect(first(rotations)).toBeGreaterThan(first(blocked));
  });

  test('LDAP roll-out: the connection fails, then works; groups mapped, accounts moved, nightly synchronization', () => {
    const checks = of('passwork.ldapServer_connection_checked');
    expect(checks.map((entry) => entry.outcome)).toEqual(['FAILURE', 'SUCCESS']);
    expect(of('passwork.userGroup_added_to_ldapUserGroup').length).toBe(4);
    expect(of('passwork.user_auth_types_changed').length).toBeGreaterThan(8);
    const nights = of('passwork.task_manual_sync_ldapServer_users_run');
    expect(nights.length).toBeGreaterThan(50);
    expect(nights.every((entry) => entry.actor?.type === 'SYSTEM')).toBe(true);
    expect(first(nights)).toBeGreaterThan(last(of('passwork.ldapServer_auth_enabled')));
  });

  test('a vault is exported at three in the morning by an administrator, who then shortens the activity log', () => {
    const exports = of('passwork.vault_exported');
    expect(exports.map((entry) => [entry.actor?.id, entry.vault?.id])).toEqual([
      ['tomasz.wieczorek', 'vault-production-servers'],
    ]);
    expect(hourIn('Europe/Amsterdam', exports[0])).toBe('03');
    const changes = of('passwork.activityLogSettings_changed').map((entry) => entry.changes?.[0]?.after);
    expect(changes).toEqual(['30', '365']);
  });

  test('recovery: one approved and completed, one expired, one declined', () => {
    const outcomes = ['approved', 'expired', 'declined'].map((end) => of(`enpass.recovery_request_${end}`).length);
    expect(outcomes).toEqual([1, 1, 1]);
    expect(of('enpass.recovery_request_initiated').length).toBe(3);
    expect(of('enpass.account_recovered_with_master_password').at(0)?.affectedUser?.id).toBe('sophie.tremblay');
  });

  test('an administrator resets the marketing lead’s second factor, who sets it up again', () => {
    const reset = about('mateo.fuentes', of('passwork.user_2fa_reset_by_admin'));
    expect(reset.map((entry) => entry.actor?.id)).toEqual(['priya.raghunathan']);
    const setUp = of('passwork.user_2fa_auth_set_up').filter((entry) => entry.actor?.id === 'mateo.fuentes');
    expect(first(setUp)).toBeGreaterThan(first(reset));
  });

  test('the build server reads secrets through the API with a token, once refused, and the tokens are replaced', () => {
    const reads = entries.filter((entry) => entry.actor?.type === 'TOKEN');
    expect(reads.length).toBeGreaterThan(100);
    expect(new Set(reads.map((entry) => entry.component))).toEqual(new Set(['api']));
    expect(reads.filter((entry) => entry.outcome === 'DENIED').length).toBe(3);
    expect(of('passwork.user_api_tokens_generated').length).toBe(2);
    expect(first(reads)).toBeGreaterThan(first(of('passwork.user_api_tokens_generated')));
    expect(first(of('passwork.user_api_tokens_revoked'))).toBeGreaterThan(first(of('passwork.user_blocked')));
  });

  test('a vault fails to synchronize eight times until the proxy is corrected', () => {
    const failures = of('enpass.vault_sync_failed').filter(
      (entry) => entry.metadata?.consecutiveFailures !== undefined,
    );
    expect(failures.map((entry) => entry.metadata?.consecutiveFailures)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(first(of('enpass.proxy_modified'))).toBeGreaterThan(last(failures));
  });

  test('the joiner works only after being confirmed; the vendor reads one folder between grant and revocation', () => {
    const joined = about('zanele.khumalo', of('passwork.user_confirmed'));
    const worked = entries.filter(
      ({ action, actor }) => actor?.id === 'zanele.khumalo' && action === 'passwork.item_viewed',
    );
    expect(first(worked)).toBeGreaterThan(first(joined));
    const reads = entries.filter(
      ({ action, actor }) => actor?.id === 'viktor.petrenko' && action === 'passwork.item_viewed',
    );
    expect(reads.length).toBe(10);
    expect(first(reads)).toBeGreaterThan(first(about('viktor.petrenko', of('passwork.folder_user_access_changed'))));
    expect(last(reads)).toBeLessThan(first(about('viktor.petrenko', of('passwork.folder_user_access_revoked'))));
  });

  test('the campaign’s folder is made before anything happens in it, and its link is opened by strangers', () => {
    const inside = entries.filter((entry) => entry.directory?.name === 'Winter timetable campaign');
    expect(inside.at(0)?.action).toBe('passwork.folder_created');
    const views = of('passwork.link_viewed');
    expect(views.map((entry) => entry.actor?.type)).toEqual(Array(4).fill('ANONYMOUS'));
    expect(last(views)).toBeLessThan(first(of('passwork.link_deleted')));
  });

  test('members open only what their grants reach, at hours when they work', () => {
    const views = of('passwork.item_viewed').filter((entry) => entry.actor?.id === 'mateo.fuentes');
    expect(new Set(views.map((entry) => entry.vault?.name))).toEqual(new Set(['Marketing', 'Company']));
    const nights = of('passwork.session_started').filter((entry) => Number(hourIn('Asia/Singapore', entry)) < 7);
    expect(nights.filter((entry) => entry.actor?.id === 'mei-ling.chen')).toEqual([]);
  });
});
