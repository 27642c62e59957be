import { expect, test } from 'vitest';
import type { AppendOutcome } from '../../src/log/log.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { anAction, asAdmin, newOrganization, type TestOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps({}, [{}, {}]);
const together = { allOrNothing: true };

const keyed = (key: string | null, request: string): EntryInput => ({ action: anAction, idempotencyKey: key, request });
const codes = (outcomes: readonly AppendOutcome[]) => outcomes.map((one) => one.error?.code ?? one.status);
const requestsOf = async ({ organization }: TestOrganization) =>
  (
    await asAdmin<{ request: string }>(
      at.database,
      'select request from log_entry where organization_id = $1 order by position',
      [organization],
    )
  ).map((row) => row.request);

interface Case {
  readonly name: string;
  readonly before: readonly EntryInput[];
  readonly sent: readonly EntryInput[];
  readonly answers: readonly string[];
  readonly recorded: readonly string[];
}

const refused = 'BATCH_REFUSED';
const conflict = 'IDEMPOTENCY_CONFLICT';
const cases: readonly Case[] = [
  {
    name: 'all are valid',
    before: [],
    sent: [keyed('a', '1'), keyed(null, '2'), keyed('b', '3')],
    answers: ['CREATED', 'CREATED', 'CREATED'],
    recorded: ['1', '2', '3'],
  },
  {
    name: 'one is not valid',
    before: [],
    sent: [keyed('a', '1'), { action: 'no.such' }, keyed('b', '3')],
    answers: [refused, 'UNKNOWN_ACTION', refused],
    recorded: [],
  },
  {
    name: 'one key was recorded with other content',
    before: [keyed('b', 'first')],
    sent: [keyed('a', '1'), keyed('b', '2'), keyed(null, '3')],
    answers: [refused, conflict, refused],
    recorded: ['first'],
  },
  {
    name: 'one was recorded before, with the same content',
    before: [keyed('b', '2')],
    sent: [keyed('a', '1'), keyed('b', '2'), keyed(null, '3')],
    answers: ['CREATED', 'REPEATED', 'CREATED'],
    recorded: ['2', '1', '3'],
  },
  {
    name: 'all were recorded before',
    before: [keyed('a', '1'), keyed('b', '2')],
    sent: [keyed('b', '2'), keyed('a', '1')],
    answers: ['REPEATED', 'REPEATED'],
    recorded: ['1', '2'],
  },
  {
    name: 'a repeat stands beside a conflict',
    before: [keyed('a', '1'), keyed('b', 'first')],
    sent: [keyed('a', '1'), keyed('b', '2'), keyed('c', '3')],
    answers: [refused, conflict, refused],
    recorded: ['1', 'first'],
  },
  {
    name: 'a key stands twice with the same content',
    before: [],
    sent: [keyed('a', '1'), keyed('b', '2'), keyed('a', '1')],
    answers: ['CREATED', 'CREATED', 'REPEATED'],
    recorded: ['1', '2'],
  },
  {
    name: 'a key stands twice, the second time without what the first states',
    before: [],
    sent: [{ ...keyed('a', '1'), severity: 9, outcome: 'DENIED', occurredAt: new Date(0) }, keyed('a', '1')],
    answers: ['CREATED', 'REPEATED'],
    recorded: ['1'],
  },
  {
    name: 'a key stands twice with other content',
    before: [],
    sent: [keyed('a', '1'), keyed('b', '2'), keyed('a', 'other')],
    answers: [refused, refused, conflict],
    recorded: [],
  },
];

test.for(cases)('all or nothing: $name', async ({ before, sent, answers, recorded }) => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  if (before.length > 0) await log.append(to, before);
  const outcomes = await log.append(to, sent, together);
  expect(codes(outcomes)).toEqual(answers);
  expect(outcomes.every((one) => (one.error === null) === (one.id !== null))).toBe(true);
  expect(await requestsOf(to)).toEqual(recorded);
});

test('requests that share keys at the same time: each is recorded whole or not at all', async () => {
  const to = await newOrganization(at.app);
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    // Every request claims the shared key with content of its own; keyless rows and own keys stand around it.
    const requests = Array.from({ length: 8 }, (_, caller) => {
      const name = `${round}.${caller}`;
      const rows = [keyed(`${name} x`, `${name} x`), keyed(`shared ${round}`, `${name} s`), keyed(null, `${name} y`)];
      return { name, rows: caller % 3 === 0 ? rows.toReversed() : rows };
    });
    const answers = await Promise.all(
      requests.map(({ rows }, caller) => at.apps[caller % 2]?.services.log.append(to, rows, together) ?? []),
    );
    const whole = answers.filter((outcomes) => outcomes.every((one) => one.status === 'CREATED'));
    expect(whole).toHaveLength(1);
    for (const outcomes of answers.filter((one) => !whole.includes(one))) {
      expect(codes(outcomes).toSorted()).toEqual([refused, refused, conflict]);
    }
  }
  const requests = await requestsOf(to);
  expect(requests).toHaveLength(3 * rounds);
  const byName = Map.groupBy(requests, (request) => request.split(' ')[0]);
  expect([...byName.values()].every((rows) => rows.length === 3)).toBe(true);
});
