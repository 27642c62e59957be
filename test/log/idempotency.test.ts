import { expect, test } from 'vitest';
import type { EntryInput } from '../../src/model/entry.ts';
import { anAction, asAdmin, newOrganization, plainEntries, useTestApps } from '../support/app.ts';

const at = useTestApps({}, [{}, {}]);

const countOf = async (organization: number) =>
  Number(
    (
      await asAdmin<{ count: string }>(at.database, 'select count(*) from log_entry where organization_id = $1', [
        organization,
      ])
    )[0]?.count,
  );

/** A stated entry, the same again in other words, and what makes it another: one row for each part of the content. */
const full: EntryInput = {
  idempotencyKey: 'k',
  action: anAction,
  occurredAt: '2026-01-31T09:30:00Z',
  outcome: 'SUCCESS',
  severity: 4,
  component: 'web',
  actor: { id: 'u1', name: 'Una', email: 'una@example.org' },
  affectedUser: { id: 'u2', name: 'Tom', email: 'tom@example.org' },
  vault: { id: 'v1', name: 'Finance' },
  directory: { id: 'd1', name: 'Banks' },
  targets: [{ type: 'item', id: 'i1', name: 'Card' }],
  ip: '2001:db8::1',
  userAgent: 'agent',
  device: 'device',
  session: 'session',
  request: 'request',
  location: 'Bonn',
  changes: [{ field: 'name', before: 'a', after: 'b' }],
  metadata: { a: 1, b: [true, null] },
};
const same: readonly Partial<EntryInput>[] = [
  {},
  { occurredAt: '2026-01-31T10:30:00+01:00' },
  { ip: '2001:DB8:0:0::1' },
  { metadata: { b: [true, null], a: 1.0 } },
  { actor: { type: 'MEMBER', id: 'u1', name: 'Una', email: 'una@example.org' } },
  // What is left out takes what the first one has.
  { occurredAt: null, outcome: null, severity: null },
];
const other: readonly Partial<EntryInput>[] = [
  { action: 'passwork.item_created' },
  { occurredAt: '2026-01-31T09:30:00.001Z' },
  { outcome: 'DENIED' },
  { severity: 5 },
  { component: 'mobile' },
  { actor: { type: 'TOKEN', id: 'u1', name: 'Una', email: 'una@example.org' } },
  { actor: { id: 'u1', name: 'Una' } },
  { affectedUser: null },
  { vault: { id: 'v1', name: 'Finances' } },
  { directory: { id: 'd2', name: 'Banks' } },
  { targets: [] },
  { ip: '2001:db8::2' },
  { userAgent: 'other' },
  { device: 'other' },
  { session: 'other' },
  { request: 'other' },
  { location: 'Ulm' },
  { changes: [{ field: 'name', before: 'a', after: null }] },
  { metadata: { a: 1, b: [true] } },
];

test('the same key with the same content is recorded once; with other content it is an error on that row', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  const [first] = await log.append(to, [full]);
  expect(first?.status).toBe('CREATED');
  for (const changes of same) {
    expect(await log.append(to, [{ ...full, ...changes }])).toEqual([
      { id: first?.id, status: 'REPEATED', error: null },
    ]);
  }
  for (const changes of other) {
    const [outcome] = await log.append(to, [{ ...full, ...changes }]);
    expect([changes, outcome?.error?.code]).toEqual([changes, 'IDEMPOTENCY_CONFLICT']);
    expect(outcome).toMatchObject({ id: null, status: null, error: { path: 'idempotencyKey' } });
  }
  // In one request, beside what is new.
  const mixed = [...same, ...other].map((changes) => ({ ...full, ...changes }));
  const outcomes = await log.append(to, [...plainEntries(1), ...mixed]);
  expect(outcomes.map((one) => one.error?.code ?? one.status)).toEqual([
    'CREATED',
    ...same.map(() => 'REPEATED'),
    ...other.map(() => 'IDEMPOTENCY_CONFLICT'),
  ]);
  expect(await countOf(to.organization)).toBe(2);
});

test('repeats inside one request are repeats of its first', async () => {
  const to = await newOrganization(at.app);
  const keyed = (key: string, request: string): EntryInput => ({ action: anAction, idempotencyKey: key, request });
  const outcomes = await at.app.services.log.append(to, [
    keyed('a', '1'),
    keyed('b', '2'),
    keyed('a', '1'),
    keyed('a', 'other'),
    ...plainEntries(1),
    keyed('b', '2'),
    keyed('a', '1'),
  ]);
  expect(outcomes.map((one) => one.error?.code ?? one.status)).toEqual([
    'CREATED',
    'CREATED',
    'REPEATED',
    'IDEMPOTENCY_CONFLICT',
    'CREATED',
    'REPEATED',
    'REPEATED',
  ]);
  expect(outcomes.map((one) => one.id)).toEqual(
    [0, 1, 0, null, 4, 1, 0].map((index) => (index === null ? null : outcomes[index]?.id)),
  );
  expect(await countOf(to.organization)).toBe(3);
});

test('of one key from many callers on two instances exactly one is recorded, and all learn its id', async () => {
  const to = await newOrganization(at.app);
  for (let round = 0; round < 10; round++) {
    const input = { action: anAction, idempotencyKey: `round ${round}`, request: `${round}` };
    const outcomes = (
      await Promise.all(
        Array.from({ length: 12 }, (_, caller) => at.apps[caller % 2]?.services.log.append(to, [input])),
      )
    ).flatMap((one) => one ?? []);
    expect(outcomes.filter((one) => one.status === 'CREATED')).toHaveLength(1);
    expect(outcomes.filter((one) => one.status === 'REPEATED')).toHaveLength(11);
    expect(new Set(outcomes.map((one) => one.id)).size).toBe(1);
  }
  expect(await countOf(to.organization)).toBe(10);
});

test('a key belongs to its organization', async () => {
  const [one, two] = [await newOrganization(at.app), await newOrganization(at.app)];
  const outcomes = [one, two].map((to) => at.app.services.log.append(to, [full]));
  expect((await Promise.all(outcomes)).flat().map((outcome) => outcome.status)).toEqual(['CREATED', 'CREATED']);
});

test('a key is remembered as a keyed hash that only this server can make', async () => {
  const to = await newOrganization(at.app);
  const idempotencyKey = 'invoice 4711 of alice@example.org';
  await at.app.services.log.append(to, [{ action: anAction, idempotencyKey }]);
  const keys = await asAdmin<{ key: string }>(
    at.database,
    'select key from idempotency_key where organization_id = $1',
    [to.organization],
  );
  expect(keys).toHaveLength(1);
  expect(keys[0]?.key).toMatch(/^[\w-]{43}$/);
  // Nowhere in the database: not in the entry, not beside it.
  const tables = await asAdmin<{ name: string }>(
    at.database,
    "select c.oid::regclass::text as name from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  for (const { name } of tables) {
    const found = await asAdmin(at.database, `select 1 from ${name} t where strpos(t::text, 'alice@example') > 0`);
    expect([name, found]).toEqual([name, []]);
  }
});
