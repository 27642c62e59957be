/** A condition on a field that is hidden from the role is refused wherever it stands, decided by the role alone. */
import { isInputObjectType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { type HideableField, hideableFields } from '../../src/model/role.ts';
import { type TextField, textFields } from '../../src/model/text.ts';
import type { LogFilter } from '../../src/query/query.ts';
import {
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;

/** A secret in one field. */
const secrets: Record<HideableField, Partial<EntryInput>> = {
  EMAIL: { affectedUser: { email: 'secret@x.example' } },
  IP: { ip: '192.0.2.1' },
  USER_AGENT: { userAgent: 'a SECRET agent' },
  DEVICE: { device: 'Secret' },
  SESSION: { session: 'x-secret' },
  REQUEST: { request: 'SECRET' },
  LOCATION: { location: 'secret place' },
  COMPONENT: { component: 'secretary' },
  TARGETS: { targets: [{ type: 'item', id: 'secret', name: null }] },
  CHANGES: { changes: [{ field: 'a', before: null, after: 'SeCrEt' }] },
  METADATA: { metadata: { a: [{ b: '\u017fecret' }] } },
};
const needleOf = (field: HideableField) => (field === 'IP' ? '.0.2.' : 'secret');

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  owner = await principalOf(at.app, log.ownerToken);
  for (const field of hideableFields) await log.append([{ action: 'passwork.item_viewed', ...secrets[field] }]);
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** Every way to filter by a field. No entry has any of these values: what is refused does not depend on them. */
const conditions: Record<HideableField, readonly LogFilter[]> = {
  EMAIL: [{ text: { contains: ['abc'], in: ['NAMES', 'EMAIL'] } }],
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
      const refused = `FIELD_HIDDEN ${path}.${name === 'text' ? 'text.in[1]' : name}`;
      expect(await refusal(kept([field]), wrap(condition))).toEqual([refused, refused, refused]);
      const others = hideableFields.filter((one) => one !== field);
      expect((await refusal(kept(others), wrap(condition))).slice(0, 2)).toEqual([null, null]);
    }
  }
});

test.each(hideableFields)('a text in %s is not found by who is kept from it, nor by its absence', async (field) => {
  const { query } = at.app.services;
  const text = (fields?: readonly TextField[]): LogFilter => ({
    text: { contains: [needleOf(field)], ...(fields === undefined ? {} : { in: fields }) },
  });
  const found = async (who: Principal, filter: LogFilter) => {
    const ids = (await query.logs(who, { filter })).edges.map(({ entry }) => entry.id);
    return hideableFields.filter((_, index) => ids.includes(log.recorded[index]?.id ?? ''));
  };
  const others = (await found(owner, text())).filter((one) => one !== field);
  expect(await found(owner, text([field]))).toEqual([field]);
  expect(await found(kept([field]), text())).toEqual(others);
  expect(await found(kept([field]), { not: text() })).toEqual(hideableFields.filter((one) => !others.includes(one)));
  expect(await found(kept([field]), text(['NAMES']))).toEqual([]);
  // Asked for by name, it is refused: an answer without it would look like an answer about it.
  const refused = 'FIELD_HIDDEN filter.not.text.in[1]';
  expect(await refusal(kept([field]), { not: text(['NAMES', field]) })).toEqual([refused, refused, refused]);
  const { predicate } = await query.stream(kept([field]), text());
  expect(predicate).toMatchObject({ op: 'text', fields: new Set(textFields.filter((one) => one !== field)) });
});

test('what reads as it was stated whatever the role is all that is left', () => {
  const filter = schema.getType('LogFilter');
  const names = Object.keys(isInputObjectType(filter) ? filter.getFields() : {});
  const hideable = Object.values(conditions).flatMap((list) => list.flatMap((one) => Object.keys(one)));
  expect(names.filter((name) => !hideable.includes(name)).sort()).toEqual([
    ...['action', 'actionGroup', 'actor', 'affectedUser', 'and', 'catalogue', 'category', 'directory'],
    // `text` leaves out what is hidden.
    ...['not', 'occurredAt', 'or', 'outcome', 'recordedAt', 'severity', 'vault'],
  ]);
});
