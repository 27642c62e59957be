/** A condition on a field that is hidden from the role is refused wherever it stands, decided by the role alone. */
import { isInputObjectType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { type HideableField, hideableFields } from '../../src/model/role.ts';
import type { LogFilter } from '../../src/query/query.ts';
import { openRememberedLog, openTestApp, principalOf, type TestApp } from '../support/readingApp.ts';

let at: TestApp;
let owner: Principal;

beforeAll(async () => {
  at = await openTestApp();
  const log = await openRememberedLog(at);
  owner = await principalOf(at.app, log.ownerToken);
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** Every way to filter by a field. No entry has any of these values: what is refused does not depend on them. */
const conditions: Record<HideableField, readonly LogFilter[]> = {
  EMAIL: [],
  IP: [{ ip: { in: ['192.0.2.1'] } }, { ip: { exists: true } }],
  USER_AGENT: [{ userAgent: { in: [] } }, { userAgent: { exists: false } }],
  DEVICE: [{ device: { notIn: ['x'] } }],
  SESSION: [{ session: { in: ['x'] } }],
  REQUEST: [{ request: { in: ['x'] } }],
  LOCATION: [{ location: { in: ['x'] } }],
  COMPONENT: [{ component: { in: ['x'] } }, { component: {} }],
  TARGETS: [{ target: { in: ['x'] } }, { target: { type: { in: ['x'] } } }, { target: { exists: false } }],
  CHANGES: [{ changes: { field: { in: ['x'] } } }, { changes: { exists: true } }],
  METADATA: [{ metadata: [{ key: ['a'], in: ['x'] }] }, { metadata: [{ exists: true }] }],
};

const kept = (hidden: readonly HideableField[]): Principal => ({
  ...owner,
  role: { ...owner.role, hiddenFields: new Set(hidden) },
});

const places: [string, (filter: LogFilter) => LogFilter][] = [
  ['filter', (filter) => filter],
  ['filter.not', (not) => ({ not })],
  ['filter.or[1]', (filter) => ({ or: [{}, filter] })],
  ['filter.and[0].not.or[0].not', (not) => ({ and: [{ not: { or: [{ not }] } }] })],
];

async function refusal(who: Principal, filter: LogFilter) {
  const { query } = at.app.services;
  const attempts = [query.logs(who, { filter }), query.stream(who, filter), query.place(who, 'x', filter)];
  const errors = await Promise.all(
    attempts.map((attempt) =>
      attempt.then(
        () => null,
        (error: unknown) => error,
      ),
    ),
  );
  return errors.map((error) => (error instanceof AnnalsError ? `${error.code} ${error.path}` : error));
}

test.each(hideableFields)('%s', async (field) => {
  for (const condition of conditions[field]) {
    const [name] = Object.keys(condition);
    for (const [path, wrap] of places) {
      const refused = `FIELD_HIDDEN ${path}.${name}`;
      expect(await refusal(kept([field]), wrap(condition))).toEqual([refused, refused, refused]);
      const others = hideableFields.filter((one) => one !== field);
      expect((await refusal(kept(others), wrap(condition))).slice(0, 2)).toEqual([null, null]);
    }
  }
});

test('what reads as it was stated whatever the role is all that is left', () => {
  const filter = schema.getType('LogFilter');
  const names = Object.keys(isInputObjectType(filter) ? filter.getFields() : {});
  const hideable = Object.values(conditions).flatMap((list) => list.flatMap((one) => Object.keys(one)));
  expect(names.filter((name) => !hideable.includes(name)).sort()).toEqual([
    ...['action', 'actionGroup', 'actor', 'affectedUser', 'and', 'catalogue', 'category', 'directory'],
    ...['not', 'occurredAt', 'or', 'outcome', 'recordedAt', 'severity', 'vault'],
  ]);
});
