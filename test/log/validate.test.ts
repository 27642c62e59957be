import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { AnnalsError, type ErrorCode } from '../../src/errors.ts';
import { checkSize, validateEntry } from '../../src/log/validate.ts';
import type { EntryInput, Json } from '../../src/model/entry.ts';
import { anAction, asAdmin, newOrganization, plainEntries, useTestApps } from '../support/app.ts';

const at = useTestApps({ ENTRY_BYTES: '4000', FUTURE_SECONDS: '60' });

const now = Date.UTC(2026, 5, 1);
const limits = { entryBytes: 1_000_000, futureSeconds: 60 };
const catalogue = openCatalogue();
const long = (length: number) => 'x'.repeat(length);
const nested = (depth: number): Json => (depth === 0 ? 1 : { a: nested(depth - 1) });
/** What a producer without types may send. */
const wrong = (value: unknown) => value as never;
const person = { id: null, name: null, email: null };

/** Every way to be refused: what is stated beside a valid action, the code, the path, a word that says what would be right. */
const refused: readonly [stated: Partial<EntryInput>, code: ErrorCode, path: string | undefined, says: RegExp][] = [
  [{ action: 'passwork.no_such' }, 'UNKNOWN_ACTION', 'action', /"passwork\.no_such"/],
  [{ action: wrong(undefined) }, 'UNKNOWN_ACTION', 'action', /undefined/],
  [{ idempotencyKey: long(201) }, 'ENTRY_INVALID', 'idempotencyKey', /at most 200/],
  [{ outcome: wrong('MAYBE') }, 'ENTRY_INVALID', 'outcome', /SUCCESS, FAILURE, DENIED, UNKNOWN/],
  [{ outcome: wrong('') }, 'ENTRY_INVALID', 'outcome', /SUCCESS/],
  [{ severity: 0 }, 'ENTRY_INVALID', 'severity', /1 to 10/],
  [{ severity: 11 }, 'ENTRY_INVALID', 'severity', /1 to 10/],
  [{ severity: 2.5 }, 'ENTRY_INVALID', 'severity', /whole number/],
  [{ occurredAt: '2026-06-01' }, 'ENTRY_INVALID', 'occurredAt', /RFC 3339/],
  [{ occurredAt: '2026-02-30T00:00:00Z' }, 'ENTRY_INVALID', 'occurredAt', /RFC 3339/],
  [{ occurredAt: new Date(Number.NaN) }, 'ENTRY_INVALID', 'occurredAt', /RFC 3339/],
  [{ occurredAt: '1969-12-31T23:59:59Z' }, 'ENTRY_INVALID', 'occurredAt', /1970/],
  [{ occurredAt: new Date(now + 60_001) }, 'OCCURRED_IN_FUTURE', 'occurredAt', /at most 60 s/],
  [{ component: long(101) }, 'ENTRY_INVALID', 'component', /at most 100/],
  [{ actor: { type: wrong('ROBOT') } }, 'ENTRY_INVALID', 'actor.type', /MEMBER, SYSTEM, TOKEN, ANONYMOUS/],
  [{ actor: { id: long(201) } }, 'ENTRY_INVALID', 'actor.id', /at most 200/],
  [{ actor: { id: 'a\u001fb' } }, 'ENTRY_INVALID', 'actor.id', /U\+001F/],
  [{ actor: { name: long(501) } }, 'ENTRY_INVALID', 'actor.name', /at most 500/],
  [{ actor: { email: long(321) } }, 'ENTRY_INVALID', 'actor.email', /at most 320/],
  [{ affectedUser: { id: long(201) } }, 'ENTRY_INVALID', 'affectedUser.id', /at most 200/],
  [{ affectedUser: { name: 'a\0b' } }, 'ENTRY_INVALID', 'affectedUser.name', /U\+0000/],
  [{ affectedUser: { email: 'half \ud800' } }, 'ENTRY_INVALID', 'affectedUser.email', /surrogate/],
  [{ vault: { id: '' } }, 'ENTRY_INVALID', 'vault.id', /must not be empty/],
  [{ vault: { id: 'v', name: long(501) } }, 'ENTRY_INVALID', 'vault.name', /at most 500/],
  [{ directory: { id: '' } }, 'ENTRY_INVALID', 'directory.id', /must not be empty/],
  [{ directory: { id: 'd', name: wrong(7) } }, 'ENTRY_INVALID', 'directory.name', /must be a string/],
  [{ targets: Array(101).fill({ type: 'item' }) }, 'ENTRY_INVALID', 'targets', /101 items; at most 100/],
  [{ targets: [{ type: 'item' }, { type: '' }] }, 'ENTRY_INVALID', 'targets[1].type', /must not be empty/],
  [{ targets: [{ type: long(101) }] }, 'ENTRY_INVALID', 'targets[0].type', /at most 100/],
  [{ targets: [{ type: 'item', id: 'a\u001f' }] }, 'ENTRY_INVALID', 'targets[0].id', /U\+001F/],
  [{ targets: [{ type: 'item', name: long(501) }] }, 'ENTRY_INVALID', 'targets[0].name', /at most 500/],
  [{ ip: '10.0.0.256' }, 'ENTRY_INVALID', 'ip', /IPv4 or IPv6/],
  [{ ip: '10.0.0.0/8' }, 'ENTRY_INVALID', 'ip', /IPv4 or IPv6/],
  [{ ip: 'fe80::1%eth0' }, 'ENTRY_INVALID', 'ip', /IPv4 or IPv6/],
  [{ userAgent: long(2001) }, 'ENTRY_INVALID', 'userAgent', /at most 2000/],
  [{ device: long(201) }, 'ENTRY_INVALID', 'device', /at most 200/],
  [{ session: long(201) }, 'ENTRY_INVALID', 'session', /at most 200/],
  [{ request: long(201) }, 'ENTRY_INVALID', 'request', /at most 200/],
  [{ location: long(201) }, 'ENTRY_INVALID', 'location', /at most 200/],
  [{ changes: Array(201).fill({ field: 'f' }) }, 'ENTRY_INVALID', 'changes', /201 items; at most 200/],
  [{ changes: [{ field: '' }] }, 'ENTRY_INVALID', 'changes[0].field', /must not be empty/],
  [{ changes: [{ field: 'f', before: long(16_385) }] }, 'ENTRY_INVALID', 'changes[0].before', /at most 16384/],
  [{ changes: [{ field: 'f', after: '\0' }] }, 'ENTRY_INVALID', 'changes[0].after', /U\+0000/],
  [{ metadata: wrong(['list']) }, 'ENTRY_INVALID', 'metadata', /must be an object/],
  [{ metadata: { deep: nested(20) } }, 'ENTRY_INVALID', `metadata.deep${'.a'.repeat(19)}`, /deeper than 20/],
  [{ metadata: { list: [1, '\0'] } }, 'ENTRY_INVALID', 'metadata.list[1]', /U\+0000/],
  [{ metadata: { n: Number.POSITIVE_INFINITY } }, 'ENTRY_INVALID', 'metadata.n', /finite/],
  [{ metadata: { f: wrong(() => 1) } }, 'ENTRY_INVALID', 'metadata.f', /must be JSON/],
  [{ metadata: { [long(201)]: 1 } }, 'ENTRY_INVALID', 'metadata key', /at most 200/],
  [{ metadata: { text: long(1_000_000) } }, 'ENTRY_TOO_LARGE', undefined, /1000\d\d\d? bytes as JSON; at most 1000000/],
];

function judge(stated: Partial<EntryInput>): unknown {
  const input = { action: anAction, ...stated };
  try {
    checkSize(input, limits);
    return validateEntry(input, catalogue, now, limits);
  } catch (error) {
    return error;
  }
}

for (const [stated, code, path, says] of refused) {
  test(`refused with ${code}: ${path ?? 'the entry'} ${says.source}`, () => {
    const error = judge(stated);
    expect(error).toBeInstanceOf(AnnalsError);
    expect(error).toMatchObject({
      code,
      path,
      message: expect.stringMatching(says),
      cure: expect.stringMatching(/\w/),
    });
  });
}

/** The furthest that is accepted, and what becomes of what is left out. */
const accepted: readonly [stated: Partial<EntryInput>, kept: object][] = [
  [{}, { outcome: 'SUCCESS', severity: catalogue.action(anAction)?.severity, occurredAt: now, key: null }],
  [{}, { actor: { type: 'SYSTEM', ...person }, affectedUser: person, vault: null, directory: null, targets: [] }],
  [{ idempotencyKey: long(200) }, { key: long(200) }],
  [{ occurredAt: new Date(now + 60_000) }, { occurredAt: now + 60_000 }],
  [{ occurredAt: '1970-01-01T01:00:00+01:00' }, { occurredAt: 0 }],
  [{ actor: { id: 'u' } }, { actor: { ...person, type: 'MEMBER', id: 'u' } }],
  [{ actor: { name: 'N' } }, { actor: { ...person, type: 'MEMBER', name: 'N' } }],
  [{ actor: { id: '', name: '' } }, { actor: { type: 'SYSTEM', ...person } }],
  [{ vault: { id: 'v' } }, { vault: { id: 'v', name: null }, directory: { id: 'v', name: null } }],
  [{ ip: '2001:DB8:0::1' }, { ip: '2001:db8::1' }],
  [{ changes: [] }, { changes: null }],
  [{ metadata: {} }, { metadata: null }],
  [{ metadata: { deep: nested(18) } }, { metadata: { deep: nested(18) } }],
];

for (const [index, [stated, kept]] of accepted.entries()) {
  test(`accepted: ${index}: ${Object.keys(stated).join() || 'an action alone'}`, () => {
    expect(judge(stated)).toMatchObject(kept);
  });
}

test('one bad row never refuses the others, whatever is wrong with it', async () => {
  const to = await newOrganization(at.app);
  const cyclic: { [key: string]: unknown } = {};
  cyclic.self = cyclic;
  const tooDeep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  const inputs: EntryInput[] = [
    ...plainEntries(2),
    { action: 'nowhere.nothing' },
    { action: anAction, metadata: { text: long(4000) } },
    { action: anAction, occurredAt: new Date(Date.now() + 3_600_000) },
    { action: anAction, metadata: wrong(cyclic) },
    { action: anAction, metadata: { n: wrong(1n) } },
    { action: anAction, metadata: { list: wrong(tooDeep) } },
    ...plainEntries(1, {}, 2),
  ];
  const outcomes = await at.app.services.log.append(to, inputs);
  expect(outcomes.map((one) => one.error?.code ?? one.status)).toEqual([
    'CREATED',
    'CREATED',
    'UNKNOWN_ACTION',
    'ENTRY_TOO_LARGE',
    'OCCURRED_IN_FUTURE',
    'ENTRY_INVALID',
    'ENTRY_INVALID',
    'ENTRY_INVALID',
    'CREATED',
  ]);
  const rows = await asAdmin(
    at.database,
    'select id, request from log_entry where organization_id = $1 order by position',
    [to.organization],
  );
  expect(rows).toEqual([0, 1, 8].map((index, request) => ({ id: outcomes[index]?.id, request: `${request}` })));
});
