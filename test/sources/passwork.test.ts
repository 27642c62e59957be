import { expect, test } from 'vitest';
import { catalogue, entryOf, refusalOf, rowsOf, rowsOfFile } from './support.ts';

const line = (rest: string) => `Nov 18 08:00:00 vault-1 php-fpm: CEF:0|Passwork|Passwork|${rest}`;
const entryFrom = async (rest: string) => entryOf((await rowsOf('passwork', line(rest)))[0]);

test('the traditional file format', async () => {
  const entries = (await rowsOfFile('passwork', 'passwork-rfc3164.log')).map(entryOf);
  expect(entries[1]).toEqual({
    action: 'passwork.item_viewed',
    occurredAt: '2026-11-18T07:03:40.000Z',
    outcome: null,
    component: 'web',
    actor: {
      type: 'MEMBER',
      id: '6710a1f2c9e77b0012ab0001',
      name: 'anna.berg@nordwind.example',
      email: 'anna.berg@nordwind.example',
    },
    affectedUser: null,
    vault: { id: '41c0', name: 'IT operations' },
    directory: { id: '55f1', name: 'Servers' },
    targets: [{ type: 'item', id: '68aa01', name: 'Mail server root' }],
    ip: '198.51.100.23',
    userAgent: null,
    metadata: { priority: 2, syslogHost: 'vault-1' },
    idempotencyKey: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(entries[2]).toMatchObject({
    component: 'browser extension',
    actor: { name: 'jonas', email: null },
    directory: { id: '41c1', name: 'Buchhaltung – Zürich' },
    targets: [{ name: 'Bank "Haupt" konto a=b' }],
    ip: '2001:db8::5',
  });
  expect(entries[3]).toMatchObject({
    occurredAt: '2026-11-08T22:59:59.000Z',
    outcome: 'FAILURE',
    actor: { type: 'ANONYMOUS', id: null, name: 'administrator' },
  });
  expect(entries[4]).toMatchObject({
    component: 'internal',
    actor: { type: 'SYSTEM', id: null },
    affectedUser: { id: '6710a1f2c9e77b0012ab0003', name: 'petra.lang' },
  });
  expect(entries[5]).toMatchObject({
    action: 'passwork.shortcut_copied',
    targets: [{ type: 'shortcut', id: '68aa09' }],
  });
  expect(entries[10]).toMatchObject({ action: 'passwork.user_auth_failed', metadata: { occurrences: 2 } });
});

test('ambiguous codes are resolved by the fields, and the entry says so', async () => {
  const entries = (await rowsOfFile('passwork', 'passwork-rfc3164.log')).map(entryOf);
  expect(entries[6]).toMatchObject({
    action: 'passwork.inboxItem_sent',
    affectedUser: { name: 'jonas' },
    targets: [{ type: 'item' }],
    metadata: {
      resolvedFrom: 'inboxItem_sent',
      resolution: { subject: 'password', subjectBy: 'passworkItemId', recipient: 'user', recipientBy: 'duid' },
    },
  });
  expect(entries[7]).toMatchObject({
    action: 'passwork.inboxItem_userGroup_sent',
    targets: [
      { type: 'shortcut', id: '68aa09' },
      { type: 'group', id: '77aa', name: 'On call' },
    ],
    metadata: {
      name: 'Shortcut sent',
      resolution: { subject: 'shortcut', subjectBy: 'name', recipient: 'group', recipientBy: 'passworkUserGroupId' },
    },
  });
  expect(entries[8]).toMatchObject({
    action: 'passwork.link_viewed',
    actor: { type: 'ANONYMOUS' },
    targets: [
      { type: 'shortcut', id: '31', name: 'Firewall' },
      { type: 'link', id: '9911' },
    ],
    metadata: { resolution: { subject: 'shortcut', subjectBy: 'passworkShortcutId' } },
  });
  expect(await entryFrom('web|inboxItem_deleted|Access to sent shortcut revoked|1|suid=1 duid=2')).toMatchObject({
    action: 'passwork.inboxItem_revoked',
    metadata: { resolvedFrom: 'inboxItem_deleted', resolution: { subject: 'shortcut' } },
  });
  expect(await entryFrom('web|inboxItem_userGroup_access_set|x|1|suid=1 duid=2')).toMatchObject({
    action: 'passwork.inboxItem_userGroup_access_set',
    metadata: { resolution: { subjectBy: 'code', recipient: 'group', recipientBy: 'code' } },
  });
});

test('a shortcut with keys of its own stands before the password it leads to', async () => {
  const entry = await entryFrom(
    'web|shortcut_viewed|n|2|passworkItemId=i1 passworkShortcutId=s1 passworkShortcutName=S',
  );
  expect(entry.targets).toEqual([
    { type: 'shortcut', id: 's1', name: 'S' },
    { type: 'item', id: 'i1', name: null },
  ]);
});

test('every code of the catalogue is found, in any case and with spaces for underscores', async () => {
  const codes = catalogue.actions.filter((it) => it.catalogue === 'passwork' && it.code !== 'unknown');
  const written = codes.map(({ code }) => line(`web|${code.toUpperCase().replaceAll('_', ' ')}||1|suid=1`));
  const entries = (await rowsOf('passwork', written.join('\n'))).map(entryOf);
  // Without fields, a group’s code stays a group’s and all others stay what they are.
  expect(entries.map(({ action }) => action)).toEqual(codes.map(({ key }) => key));
});

test('an unknown code is kept with its name and the severity that Passwork gave it', async () => {
  const entries = (await rowsOfFile('passwork', 'passwork-rfc3164.log')).map(entryOf);
  expect(entries[9]).toMatchObject({
    action: 'passwork.unknown',
    severity: 7,
    metadata: { code: 'item_teleported', name: 'Password teleported', priority: 7, cs1: 'beam', cs1Label: 'method' },
  });
  expect(entries[0]).not.toHaveProperty('severity');
  expect(await entryFrom('web|unknown|x|99|')).toMatchObject({
    action: 'passwork.unknown',
    metadata: { code: 'unknown' },
  });
});

test('RFC 5424 and rsyslog’s own format', async () => {
  const modern = (await rowsOfFile('passwork', 'passwork-rfc5424.log')).map(entryOf);
  expect(modern.map((entry) => [entry.action, entry.occurredAt])).toEqual([
    ['passwork.vault_exported', '2026-11-18T07:02:11.123Z'],
    ['passwork.folder_updated', '2026-11-18T07:05:00.000Z'],
    ['passwork.item_created', '2026-11-18T07:06:00.000Z'],
  ]);
  expect(modern[0]?.metadata).toEqual({ priority: 1, syslogHost: 'vault-1' });
  expect(modern[1]).toMatchObject({
    directory: { name: 'Серверы' },
    metadata: { structuredData: expect.stringContaining('[origin') },
  });
  const files = (await rowsOfFile('passwork', 'passwork-rsyslog.log')).map(entryOf);
  expect(files[0]).toMatchObject({
    occurredAt: '2026-11-20T09:11:12.123Z',
    ip: '198.51.100.23',
    metadata: { act: 'export', msg: 'all fields\nwith history' },
  });
  expect(files[2]).toMatchObject({
    affectedUser: { id: 'u2', email: 'jonas@nordwind.example' },
    targets: [{ type: 'role', id: 'r1', name: 'Auditor' }],
    ip: null,
    metadata: { passworkIp: 'proxy.internal', notes: ['passworkIp is not an IP address'] },
  });
});

test('hostile lines: each refused with its number and reason, the rest goes in', async () => {
  const rows = await rowsOfFile('passwork', 'passwork-hostile.log');
  expect(rows.slice(0, 6).map((row) => [row.line, refusalOf(row).code, refusalOf(row).message])).toEqual([
    [1, 'ENTRY_INVALID', 'the line has no CEF frame (`CEF:0|…`)'],
    [2, 'ENTRY_INVALID', 'the CEF event’s vendor is not Passwork'],
    [3, 'ENTRY_INVALID', 'the event code is empty'],
    [4, 'ENTRY_INVALID', 'the line ends before its event code is complete'],
    [5, 'ENTRY_INVALID', 'the line has no syslog header with a time'],
    [6, 'ENTRY_INVALID', 'the date or the time of day does not exist'],
  ]);
  expect(rows.slice(6).map((row) => row.line)).toEqual([8, 9]);
  const broken = entryOf(rows[6]);
  expect(broken).toMatchObject({ actor: { id: '1' }, component: null, vault: null });
  expect(Object.entries(broken.metadata ?? {})).toEqual([
    ['priority', 'x'],
    ['syslogHost', 'vault-1'],
    ['notes', [expect.stringContaining('UTF-8'), expect.stringContaining('NUL'), expect.stringContaining('suid')]],
    ['deviceVersion', '7.1'],
    ['suid#2', '2'],
    ['__proto__', 'x'],
    ['cef#priority', 'low'],
    ['stray', '\ufffd\ufffd'],
    ['passworkVaultName', 'no id'],
  ]);
  expect(broken.targets).toEqual([{ type: 'item', id: null, name: '"never closed' }]);
  expect(entryOf(rows[7])).toMatchObject({
    actor: { id: 'u9', name: 'Zoë' },
    targets: [{ type: 'item', id: 'i7', name: 'plain value with spaces' }],
    metadata: { unparsed: 'garbage first' },
  });
});

test('addresses: the first valid one counts, the others stay in the metadata', async () => {
  expect(await entryFrom('web|item_viewed|n|2|suid=1 passworkIp=1.2.3.4 src=1.2.3.4')).toMatchObject({ ip: '1.2.3.4' });
  const two = await entryFrom('web|item_viewed|n|2|suid=1 passworkIp=300.1.1.1 src=::1');
  expect(two).toMatchObject({ ip: '::1', metadata: { passworkIp: '300.1.1.1' } });
  expect(await entryFrom('web|item_viewed|n|2|suid=1 src=fe80::1%eth0')).toMatchObject({
    ip: null,
    metadata: { src: 'fe80::1%eth0' },
  });
});

test('a receipt time counts before the header’s, one that is none is kept and said', async () => {
  expect(await entryFrom('web|item_viewed|n|2|rt=1794985331123')).toMatchObject({
    occurredAt: '2026-11-18T07:02:11.123Z',
  });
  expect(await entryFrom('web|item_viewed|n|2|rt=1794985331 outcome=maybe')).toMatchObject({
    occurredAt: '2026-11-18T07:00:00.000Z',
    metadata: { rt: '1794985331', outcome: 'maybe', notes: [expect.stringContaining('rt')] },
  });
});
