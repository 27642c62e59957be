/** Questions by hand: an off-boarding, what is refused, and what an answer says when a limit bites. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { always, type Predicate } from '../../src/model/predicate.ts';
import type { HideableField } from '../../src/model/role.ts';
import {
  answer,
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;
let start: number;

const tom = { id: 'tom', name: 'Tom' };
const item = (id: string | null, name: string | null) => ({ type: 'item', id, name });
const minute = (count: number) => new Date(start + count * 60_000);
const text = (count: number) => minute(count).toISOString();

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  owner = await principalOf(at.app, log.ownerToken);
  start = at.clock.now;
  at.clock.now += 3_600_000;
  const vault = { id: 'v1', name: 'Servers' };
  const done = (count: number, action: string, more: Partial<EntryInput>): EntryInput => ({
    action,
    actor: tom,
    occurredAt: minute(count),
    ip: '192.0.2.1',
    ...more,
  });
  await log.append([
    done(1, 'passwork.item_viewed', { targets: [item('p1', 'root')], vault }),
    done(4, 'passwork.item_viewed', { targets: [item('p1', 'root of db')], vault, ip: '192.0.2.2' }),
    done(2, 'passwork.item_exported', { targets: [item('p1', 'root')], vault }),
    done(3, 'passwork.item_viewed', { targets: [item('p2', 'mail')], outcome: 'DENIED', vault }),
    done(3, 'passwork.item_created', { targets: [item('p3', 'new')], vault }),
    done(5, 'passwork.vault_exported', { vault, targets: [item('p9', 'not this')] }),
    done(6, 'passwork.folder_exported', { vault }),
    done(6, 'passwork.folder_exported', { vault, directory: { id: 'f1', name: 'Production' } }),
    done(7, 'passwork.shortcut_viewed', {
      targets: [{ type: 'shortcut', id: 's1', name: 'to root' }, item('p1', 'root')],
    }),
    done(8, 'passwork.link_viewed', {}),
    { ...done(9, 'passwork.item_viewed', { targets: [item('p2', 'mail')] }), actor: { id: 'ann' } },
    done(8, 'enpass.user_removed', { actor: { id: 'ann' }, affectedUser: tom }),
  ]);
});
afterAll(() => at?.[Symbol.asyncDispose]());

test('a rotation list: each secret once, the last opened first, and what opened nothing or failed is not on it', async () => {
  const source = `query ($since: DateTime!, $until: DateTime) {
    openedSecrets(actor: "actor:MEMBER:tom", since: $since, until: $until) {
      secrets { type id name count firstSeen lastSeen newest { action { opens } occurredAt } } secretCount complete
    }
  }`;
  const { data } = await answer(at.app, log.ownerToken, source, { since: text(0) });
  const line = (type: string, id: string | null, name: string | null, count: number, first: number, last = first) => ({
    ...{ type, id, name, count, firstSeen: text(first), lastSeen: text(last) },
    newest: { action: { opens: type }, occurredAt: text(last) },
  });
  const secrets = [
    // It says that something was opened, and not what.
    line('item', null, null, 1, 8),
    line('shortcut', 's1', 'to root', 1, 7),
    line('directory', 'f1', 'Production', 1, 6),
    line('directory', 'v1', 'Servers', 1, 6),
    line('vault', 'v1', 'Servers', 1, 5),
    line('item', 'p1', 'root of db', 3, 1, 4),
  ];
  expect(data).toEqual({ openedSecrets: { secrets, secretCount: 6, complete: true } });
  const few = await answer(at.app, log.ownerToken, source, { since: text(2), until: text(4) });
  expect(few.data?.openedSecrets).toMatchObject({ secrets: [{ id: 'p1', count: 1 }], secretCount: 1 });
});

test('what is new is told with what it stands for', async () => {
  const source = `query ($since: DateTime!) {
    ip: newValues(actor: "tom", field: IP, since: $since) { values { value action { key } firstEntry { ip } } valueCount }
    action: newValues(actor: "tom", field: ACTION, since: $since, first: 1) { values { value action { key name } count } valueCount }
  }`;
  const { data } = await answer(at.app, log.ownerToken, source, { since: text(4) });
  expect(data).toEqual({
    ip: { values: [{ value: '192.0.2.2', action: null, firstEntry: { ip: '192.0.2.2' } }], valueCount: 1 },
    action: {
      values: [
        {
          value: 'passwork.link_viewed',
          action: { key: 'passwork.link_viewed', name: 'Password link opened' },
          count: 1,
        },
      ],
      valueCount: 4,
    },
  });
});

test('an action that stopped says how often it occurred, and when last', async () => {
  const source = `query ($since: DateTime!, $quietSince: DateTime!) {
    stoppedActions(filter: { actor: { in: ["tom"] } }, since: $since, quietSince: $quietSince, atLeast: 2) {
      actions { action { key } count firstSeen lastSeen } actionCount
    }
  }`;
  const { data } = await answer(at.app, log.ownerToken, source, { since: text(0), quietSince: text(7) });
  const viewed = { action: { key: 'passwork.item_viewed' }, count: 3, firstSeen: text(1), lastSeen: text(4) };
  const exported = { action: { key: 'passwork.folder_exported' }, count: 2, firstSeen: text(6), lastSeen: text(6) };
  expect(data).toEqual({ stoppedActions: { actions: [viewed, exported], actionCount: 2 } });
});

const kept = (...hidden: HideableField[]): Principal => ({
  ...owner,
  role: { ...owner.role, hiddenFields: new Set(hidden) },
});

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof AnnalsError ? `${error.code} ${error.path}` : String(error);
}

describe('refused', () => {
  const asked = { actor: 'nobody', since: '2026-01-01T00:00:00Z' };
  const stopped = { since: '2026-01-01T00:00:00Z', quietSince: '2026-01-02T00:00:00Z' };
  const query = () => at.app.services.query;
  const attempts: Record<string, [string, () => Promise<unknown>]> = {
    'what was opened, without targets': [
      'FIELD_HIDDEN openedSecrets',
      () => query().openedSecrets(kept('TARGETS'), asked),
    ],
    'addresses, without them': ['FIELD_HIDDEN field', () => query().newValues(kept('IP'), { ...asked, field: 'IP' })],
    'devices, without them': [
      'FIELD_HIDDEN field',
      () => query().newValues(kept('DEVICE'), { ...asked, field: 'DEVICE' }),
    ],
    'an item’s history, without targets': [
      'FIELD_HIDDEN of.item',
      () => query().history(kept('TARGETS'), { item: 'p' }, {}),
    ],
    'no subject': ['BAD_INPUT of', () => query().history(owner, { item: null }, {})],
    'two subjects': ['BAD_INPUT of', () => query().history(owner, { item: 'p', member: 'm' }, {})],
    'no time': ['BAD_INPUT since', () => query().openedSecrets(owner, { ...asked, since: 'yesterday' })],
    'a time without a zone': [
      'BAD_INPUT until',
      () => query().newValues(owner, { ...asked, field: 'IP', until: '2026-01-01T00:00:00' }),
    ],
    'a period that ends where it begins': [
      'BAD_INPUT until',
      () => query().openedSecrets(owner, { ...asked, until: asked.since }),
    ],
    'a later window before the earlier': [
      'BAD_INPUT quietSince',
      () => query().stoppedActions(owner, { ...stopped, quietSince: stopped.since }),
    ],
    'a later window without a moment': [
      'BAD_INPUT quietSince',
      () => query().stoppedActions(owner, { ...stopped, until: stopped.quietSince }),
    ],
    'less than once': ['BAD_INPUT atLeast', () => query().stoppedActions(owner, { ...stopped, atLeast: 0 })],
    'too many': ['PAGE_TOO_LARGE first', () => query().newValues(owner, { ...asked, field: 'ACTION', first: 501 })],
    'an account of nobody': [
      'BAD_INPUT member',
      () => query().accountChanges({ ...owner, kind: 'TOKEN', member: null }, null, {}),
    ],
  };
  test.each(Object.entries(attempts))('%s', async (_, [expected, attempt]) => {
    expect(await refusal(attempt())).toBe(expected);
  });

  test.each(['openedSecrets', 'newValues', 'stoppedActions', 'history', 'accountChanges'] as const)(
    '%s without the permission READ',
    async (name) => {
      const none: Principal = { ...owner, role: { ...owner.role, permissions: new Set() } };
      const asking: Record<typeof name, () => Promise<unknown>> = {
        openedSecrets: () => query().openedSecrets(none, asked),
        newValues: () => query().newValues(none, { ...asked, field: 'ACTION' }),
        stoppedActions: () => query().stoppedActions(none, stopped),
        history: () => query().history(none, { member: 'm' }, {}),
        accountChanges: () => query().accountChanges(none, null, {}),
      };
      expect(await refusal(asking[name]())).toBe('FORBIDDEN undefined');
    },
  );

  test('other hidden fields do not matter, nor whether anybody has the id', async () => {
    const { secrets } = await query().openedSecrets(kept('IP', 'DEVICE', 'EMAIL'), { ...asked, actor: '\0' });
    expect(secrets).toEqual([]);
    const { values } = await query().newValues(kept('TARGETS', 'IP'), { ...asked, field: 'DEVICE' });
    expect(values).toEqual([]);
  });
});

describe('where a limit bites, the answer says so', () => {
  const at4 = () => start + 4 * 60_000;
  const happened = (gte: number | null, lt: number | null): Predicate => ({
    op: 'range',
    field: 'occurredAt',
    gte,
    lt,
  });

  test('of what was opened, the entries recorded last are looked at', async () => {
    const { organization } = log.organization;
    const opens = new Map([[at.app.services.actions.number('passwork.item_viewed') ?? 0, 'item']]);
    const viewed: Predicate = { op: 'in', field: 'action', values: new Set(opens.keys()) };
    const read = (looked: number) =>
      at.app.store.readOpened({ organization, predicate: viewed, opens, looked, limit: 100 });
    const ids = async (looked: number) => {
      const { secrets, complete } = await read(looked);
      return [secrets.map(({ id, count }) => `${id} ${count}`), complete];
    };
    expect(await ids(4)).toEqual([['p2 2', 'p1 2'], true]);
    expect(await ids(3)).toEqual([['p2 2', 'p1 1'], false]);
    expect(await ids(1)).toEqual([['p2 1'], false]);
  });

  test('of what is new, either part', async () => {
    const { organization } = log.organization;
    const read = (looked: number, before: Predicate) =>
      at.app.store.readFirstSeen({
        ...{ organization, field: 'ip', looked, limit: 100 },
        period: happened(at4(), null),
        before,
      });
    const all = await read(100, happened(null, at4()));
    expect(all).toMatchObject({
      values: [{ value: '192.0.2.2', count: 1 }],
      valueCount: 1,
      complete: true,
      compared: true,
    });
    const cut = await read(3, happened(null, at4()));
    expect(cut).toMatchObject({ values: [], valueCount: 0, complete: false, compared: false });
    const fresh = await read(100, { op: 'not', of: always });
    expect(fresh).toMatchObject({ valueCount: 2, complete: true, compared: true });
  });
});
