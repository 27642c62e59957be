/** What an organization guards waits: for time, for another person, or for both. */
import { describe, expect, test } from 'vitest';
import type { PendingChange } from '../../src/administration/administration.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import { asAdmin, useTestApps } from '../support/app.ts';
import { askForAnn, type Council, guard, lookUp, newCouncil, operate, roleOf, settled, story } from './guardSupport.ts';
import { acting, member, ownerRow, program } from './support.ts';

const clock = { now: Date.now() };
const at = useTestApps({ ACCESS_LOG: 'closed' }, [{ now: () => clock.now }, { now: () => clock.now }]);
const admin = () => at.app.services.administration;
const hour = 3600;
const pass = (seconds: number) => {
  clock.now += seconds * 1000;
};

interface Operation {
  ask(by: Principal): Promise<PendingChange | null>;
  isDone(council: Council): Promise<boolean>;
  /** A token is another one each time. */
  readonly repeats?: false;
}

const listed = (...roles: readonly (readonly [string, string])[]) => ({
  members: [ownerRow, ...roles.map(([id, role]) => ({ id, name: id, role }))],
  groups: [],
  directories: [],
  grants: [],
});
const everybody: readonly (readonly [string, string])[] = [
  ['olga', 'OWNER'],
  ['otto', 'OWNER'],
  ['adam', 'ADMINISTRATOR'],
];

const tokenNamed = async ({ owner }: Council, name: string) =>
  (await admin().tokens(owner, { first: 500 })).nodes.some((token) => token.name === name);
const statusOf = async ({ to }: Council, id: string) =>
  (await at.app.store.administration.readMembers(to.organization, [id]))[0]?.status;

const operations: Readonly<Record<string, Operation>> = {
  'an owner more': {
    ask: async (by) => (await admin().upsertMembers(by, [member('ann', 'OWNER')])).pending,
    isDone: async (council) => (await roleOf(at.app, council, 'ann')) === 'OWNER',
  },
  'a new member as owner': {
    ask: async (by) => (await admin().upsertMembers(by, [member('new', 'OWNER')])).pending,
    isDone: async (council) => (await roleOf(at.app, council, 'new')) === 'OWNER',
  },
  'an owner less': {
    ask: async (by) => (await admin().upsertMembers(by, [{ id: 'otto', role: 'MEMBER' }])).pending,
    isDone: async (council) => (await roleOf(at.app, council, 'otto')) === 'MEMBER',
  },
  'an owner suspended': {
    ask: async (by) => (await admin().upsertMembers(by, [{ id: 'otto', status: 'SUSPENDED' }])).pending,
    isDone: async (council) => (await statusOf(council, 'otto')) === 'SUSPENDED',
  },
  'an owner removed': {
    ask: async (by) => (await admin().removeMembers(by, ['otto', 'ann'])).pending,
    isDone: async (council) => (await statusOf(council, 'otto')) === 'REMOVED',
  },
  'an owner who is missing from a synchronization': {
    ask: async (by) => (await admin().synchronize(by, listed(['olga', 'OWNER'], ['ann', 'MEMBER']), false)).pending,
    isDone: async (council) =>
      (await statusOf(council, 'otto')) === 'REMOVED' && (await statusOf(council, 'adam')) === 'ACTIVE',
  },
  'an owner more in a synchronization': {
    ask: async (by) => (await admin().synchronize(by, listed(...everybody, ['ann', 'OWNER']), false)).pending,
    isDone: async (council) => (await roleOf(at.app, council, 'ann')) === 'OWNER',
  },
  'a token that acts as an owner': {
    ask: async (by) => (await admin().createToken(by, { name: 'trap', actsAs: { member: 'otto' } })).pending,
    isDone: (council) => tokenNamed(council, 'trap'),
    repeats: false,
  },
  'a token with the role OWNER': {
    ask: async (by) => (await admin().createToken(by, { name: 'trap', actsAs: { role: 'OWNER' } })).pending,
    isDone: (council) => tokenNamed(council, 'trap'),
    repeats: false,
  },
  'less guarded': {
    ask: async (by) =>
      (await admin().setGuard(by, { operation: 'CHANGE_OWNERS', delaySeconds: 0, secondPerson: false })).pending,
    isDone: async ({ owner }) => {
      const [first] = await admin().guards(owner);
      return first?.delaySeconds === 0 && !first.secondPerson;
    },
  },
};

const settings = {
  'a delay': { delaySeconds: hour },
  'a second person': { secondPerson: true },
  both: { delaySeconds: hour, secondPerson: true },
};

describe.each(Object.entries(settings))('with %s', (_, setting) => {
  const { delaySeconds = 0, secondPerson = false } = { delaySeconds: 0, secondPerson: false, ...setting };

  test.each(Object.entries(operations))('%s waits, is announced, and is then done once', async (__, operation) => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, setting);
    const pending = await operation.ask(council.owner);
    expect(pending).toMatchObject({
      state: 'PENDING',
      dueAt: clock.now + delaySeconds * 1000,
      approvalsNeeded: secondPerson ? 1 : 0,
      message: expect.stringContaining('Nothing has changed yet'),
    });
    const id = pending?.id ?? '';
    expect(await operation.isDone(council)).toBe(false);
    if (operation.repeats !== false) expect((await operation.ask(council.owner))?.id).toBe(id);
    expect(await story(at.app, council)).toEqual(['Owner: settings_changed', 'Owner: change_requested']);

    if (secondPerson) {
      pass(delaySeconds / 2);
      await at.app.administration.due.run();
      expect(await operation.isDone(council)).toBe(false);
      const approved = await admin().approveChange(council.olga, id);
      expect(approved).toMatchObject({ state: delaySeconds === 0 ? 'DONE' : 'PENDING' });
    }
    if (delaySeconds > 0) {
      clock.now = (pending?.dueAt ?? 0) - 1;
      await at.app.administration.due.run();
      expect(await operation.isDone(council)).toBe(false);
      pass(1);
    }
    expect(await settled(at.app, council, id)).toMatchObject({ state: 'DONE', code: null, endedAt: clock.now });
    expect(await operation.isDone(council)).toBe(true);
    await at.app.administration.due.run();
    const told = await story(at.app, council);
    expect(told.slice(0, 2)).toEqual(['Owner: settings_changed', 'Owner: change_requested']);
    expect(told.filter((one) => one.endsWith('change_approved'))).toEqual(
      secondPerson ? ['olga: change_approved'] : [],
    );
    expect(told.at(-1)).toBe('Owner: change_carried_out');
    expect(told.length).toBeGreaterThan(secondPerson ? 4 : 3);
    expect(new Set(told).size).toBeGreaterThanOrEqual(told.length - 1);
    expect(await asAdmin(at.database, 'select request from pending_change where id = $1', [id])).toEqual([
      { request: null },
    ]);
  });
});

test('without a guard nothing waits, and what concerns no owner never does', async () => {
  const council = await newCouncil(at.app);
  expect((await admin().upsertMembers(council.owner, [member('ann', 'OWNER')])).pending).toBeNull();
  expect(await roleOf(at.app, council, 'ann')).toBe('OWNER');
  await guard(at.app, council, { secondPerson: true });
  const plain = await admin().upsertMembers(council.owner, [
    { id: 'otto', name: 'Otto the Great', email: 'otto@a.example' },
    member('new'),
  ]);
  expect(plain).toMatchObject({ isEmpty: false, pending: null });
  const own = await admin().createToken(council.olga, { name: 'own', actsAs: { member: 'olga' } });
  expect(own.pending).toBeNull();
  await expect(at.app.auth.authenticate(own.token)).resolves.toMatchObject({ makers: ['olga'] });
});

test('a dry run says what would hold the real run back, and leaves nothing', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: hour });
  const dry = await admin().synchronize(council.owner, listed(['olga', 'OWNER'], ['adam', 'ADMINISTRATOR']), true);
  expect(dry).toMatchObject({ guardedBy: 'CHANGE_OWNERS', pending: null, isEmpty: false });
  const harmless = await admin().synchronize(council.owner, listed(...everybody), true);
  expect(harmless).toMatchObject({ guardedBy: null, isEmpty: false });
  expect((await admin().pendingChanges(council.owner, {})).nodes).toEqual([]);
});

test('of a synchronization only the owners wait; the rest comes with the next one', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { secondPerson: true });
  const world = listed(...everybody, ['ann', 'OWNER'], ['new', 'MEMBER']);
  const { pending, isEmpty, counts } = await admin().synchronize(council.owner, world, false);
  expect(isEmpty).toBe(true);
  expect(counts.every(({ created, changed, removed }) => created + changed + removed === 0)).toBe(true);
  expect(pending?.planned).toEqual([
    {
      action: 'annals.member_role_changed',
      affectedUser: { id: 'ann', name: 'ann' },
      changes: [{ field: 'role', before: 'MEMBER', after: 'OWNER' }],
    },
  ]);
  await admin().approveChange(council.olga, pending?.id ?? '');
  expect(await roleOf(at.app, council, 'ann')).toBe('OWNER');
  expect(await statusOf(council, 'new')).toBeUndefined();
  expect(await admin().synchronize(council.owner, world, false)).toMatchObject({ pending: null, isEmpty: false });
  expect(await statusOf(council, 'new')).toBe('ACTIVE');
});

test('a token that waits works only when it is done, and its secret is nowhere', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { secondPerson: true });
  const made = await admin().createToken(council.owner, { name: 'trap', actsAs: { role: 'OWNER' } });
  const refused = { code: 'UNAUTHENTICATED' };
  await expect(at.app.auth.authenticate(made.token)).rejects.toMatchObject(refused);
  const rows = await asAdmin(at.database, 'select * from pending_change where organization_id = $1', [
    council.to.organization,
  ]);
  const page = await at.app.services.query.logs(council.owner, { first: 100 });
  const secret = made.token.slice(made.record.prefix.length);
  expect(JSON.stringify([rows, page, await admin().pendingChanges(council.olga, {})])).not.toContain(secret);
  await admin().approveChange(council.olga, made.pending?.id ?? '');
  await expect(at.app.auth.authenticate(made.token)).resolves.toMatchObject({ makers: ['owner'] });
});

describe('another person', () => {
  type Disguise = (council: Council) => Promise<{ asker: Principal; approver: Principal }>;
  const token = async (by: Principal, actsAs: { member: string } | { role: string }) =>
    at.app.auth.authenticate((await admin().createToken(by, { name: 'disguise', actsAs })).token);
  const disguises: Readonly<Record<string, Disguise>> = {
    'is not the same token': async ({ owner }) => ({ asker: owner, approver: owner }),
    'is not another token of the same member': async ({ to, owner }) => ({
      asker: owner,
      approver: await acting(at.app, to, 'owner'),
    }),
    'is not a token of somebody else that the asker made': async ({ owner }) => ({
      asker: owner,
      approver: await token(owner, { member: 'olga' }),
    }),
    'is not whoever made the asker’s token': async ({ olga }) => ({
      asker: await token(olga, { member: 'owner' }),
      approver: olga,
    }),
    'is not a token that came from one that the asker made': async ({ owner }) => ({
      asker: owner,
      approver: await token(await token(owner, { role: 'OWNER' }), { member: 'olga' }),
    }),
    'is not two tokens from the same third hand': async ({ otto }) => ({
      asker: await token(otto, { member: 'owner' }),
      approver: await token(otto, { member: 'olga' }),
    }),
    'is not a program': async ({ to, owner }) => ({ asker: owner, approver: await program(at.app, to, 'OWNER') }),
    'is not a token of which nobody knows who made it': async ({ to, owner }) => {
      const { id, token: text } = await at.app.administration.createToken(to, {
        name: 'old',
        actsAs: { member: 'olga' },
      });
      await asAdmin(at.database, 'update api_token set makers = null where id = $1', [id]);
      return { asker: owner, approver: await at.app.auth.authenticate(text) };
    },
  };

  test.each(Object.entries(disguises))('%s', async (_, disguise) => {
    const council = await newCouncil(at.app);
    const { asker, approver } = await disguise(council);
    await guard(at.app, council, { secondPerson: true });
    const { id } = await askForAnn(at.app, asker);
    await expect(admin().approveChange(approver, id)).rejects.toMatchObject({ code: 'NOT_ANOTHER_PERSON' });
    await at.app.administration.due.run();
    expect(await lookUp(at.app, council, id)).toMatchObject({ state: 'PENDING', approvals: [] });
    expect(await roleOf(at.app, council, 'ann')).toBe('MEMBER');
  });

  test('is an owner of the same organization', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { secondPerson: true });
    const { id } = await askForAnn(at.app, council.owner);
    const [adam, ann] = [await acting(at.app, council.to, 'adam'), await acting(at.app, council.to, 'ann')];
    await expect(admin().approveChange(adam, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await admin().approveChange(ann, id)).toBeNull();
    await expect(admin().pendingChanges(ann, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await admin().pendingChanges(adam, {})).nodes.map((one) => one.id)).toEqual([id]);
    const foreign = await newCouncil(at.app);
    expect(await admin().approveChange(foreign.owner, id)).toBeNull();
    expect(await admin().approveChange(council.otto, id)).toMatchObject({ state: 'DONE' });
  });

  test('of a program there are two', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { secondPerson: true });
    const machine = await program(at.app, council.to, 'OWNER');
    const pending = await askForAnn(at.app, machine);
    expect(pending.approvalsNeeded).toBe(2);
    expect(await admin().approveChange(council.olga, pending.id)).toMatchObject({ state: 'PENDING' });
    expect(await admin().approveChange(council.olga, pending.id)).toMatchObject({ state: 'PENDING' });
    expect(await admin().approveChange(council.otto, pending.id)).toMatchObject({ state: 'DONE' });
    expect((await story(at.app, council)).filter((one) => one.endsWith('approved'))).toHaveLength(2);
  });

  test('of a program there are two who had no hand in each other’s credentials', async () => {
    const council = await newCouncil(at.app);
    const puppet = await token(council.olga, { member: 'otto' });
    await guard(at.app, council, { secondPerson: true });
    const { id } = await askForAnn(at.app, await program(at.app, council.to, 'OWNER'));
    await admin().approveChange(council.olga, id);
    expect(await admin().approveChange(puppet, id)).toMatchObject({ state: 'PENDING' });
    // Otto himself, with a token that is his.
    expect(await admin().approveChange(council.otto, id)).toMatchObject({ state: 'DONE' });
  });

  test('is asked of nobody whose credential says too little', async () => {
    const council = await newCouncil(at.app);
    await asAdmin(at.database, 'update api_token set makers = null where id = $1', [council.owner.tokenId]);
    const asker = await at.app.auth.refresh(council.owner);
    await guard(at.app, { ...council, owner: asker }, { delaySeconds: hour });
    await expect(askForAnn(at.app, asker)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('is there before it is asked for', async () => {
    const council = await newCouncil(at.app);
    await operate(at.app, council.to, 'olga', 'MEMBER');
    await operate(at.app, council.to, 'otto', 'AUDITOR');
    const alone = guard(at.app, council, { secondPerson: true });
    await expect(alone).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'secondPerson' });
  });
});

describe('when its time has come', () => {
  type Meanwhile = (council: Council) => Promise<unknown>;
  const suspend = async ({ to }: Council, id: string) =>
    asAdmin(at.database, "update member set status = 'SUSPENDED' where organization_id = $1 and external_id = $2", [
      to.organization,
      id,
    ]);
  const refusals: Readonly<Record<string, readonly [Meanwhile, string]>> = {
    'the asker is suspended': [(council) => suspend(council, 'owner'), 'UNAUTHENTICATED'],
    'the asker is an administrator only': [({ to }) => operate(at.app, to, 'owner', 'ADMINISTRATOR'), 'ESCALATION'],
    'the asker manages nobody any more': [({ to }) => operate(at.app, to, 'owner', 'AUDITOR'), 'FORBIDDEN'],
    'the token it was asked with was revoked': [
      ({ to, owner }) => at.app.administration.revokeToken(to, owner.tokenId),
      'UNAUTHENTICATED',
    ],
  };

  test.each(Object.entries(refusals))('%s: it is refused', async (_, [meanwhile, code]) => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour, secondPerson: true });
    const { id } = await askForAnn(at.app, council.owner);
    await admin().approveChange(council.olga, id);
    await meanwhile(council);
    pass(hour);
    const seen = { ...council, owner: council.otto, to: { ...council.to, owner: council.otto } };
    expect(await settled(at.app, seen, id)).toMatchObject({ state: 'REFUSED', code });
    expect(await roleOf(at.app, council, 'ann')).toBe('MEMBER');
    expect((await story(at.app, seen)).at(-1)).toBe('Owner: change_refused');
  });

  const lapses: Readonly<Record<string, Meanwhile>> = {
    'the approver is suspended': (council) => suspend(council, 'olga'),
    'the approver is an administrator only': ({ to }) => operate(at.app, to, 'olga', 'ADMINISTRATOR'),
    'the token it was approved with was revoked': ({ to, olga }) => at.app.administration.revokeToken(to, olga.tokenId),
  };

  test.each(Object.entries(lapses))('%s: it waits for somebody else', async (_, meanwhile) => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour, secondPerson: true });
    const { id } = await askForAnn(at.app, council.owner);
    await admin().approveChange(council.olga, id);
    await meanwhile(council);
    pass(hour);
    await at.app.administration.due.run();
    expect(await lookUp(at.app, council, id)).toMatchObject({ state: 'PENDING' });
    expect(await admin().approveChange(council.otto, id)).toMatchObject({ state: 'DONE' });
    expect(await roleOf(at.app, council, 'ann')).toBe('OWNER');
  });

  test('a token that has only expired meanwhile does not matter', async () => {
    const council = await newCouncil(at.app);
    const { token } = await at.app.administration.createToken(council.to, {
      name: 'short',
      actsAs: { member: 'olga' },
      expiresAt: clock.now + 60_000,
    });
    const asker = await at.app.auth.authenticate(token);
    await guard(at.app, council, { delaySeconds: hour });
    const { id } = await askForAnn(at.app, asker);
    pass(hour);
    expect(await settled(at.app, council, id)).toMatchObject({ state: 'DONE' });
  });

  test('what has become impossible is refused with its code', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour });
    const { pending } = await admin().upsertMembers(council.olga, [{ id: 'olga', role: 'MEMBER' }]);
    for (const id of ['owner', 'otto']) await suspend(council, id);
    pass(hour);
    const asOlga = { ...council, owner: council.olga };
    expect(await settled(at.app, asOlga, pending?.id ?? '')).toMatchObject({ state: 'REFUSED', code: 'LAST_OWNER' });
    expect(await roleOf(at.app, council, 'olga')).toBe('OWNER');
  });

  test('nobody has approved it for a week: it ends', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { secondPerson: true });
    const { id, expiresAt } = await askForAnn(at.app, council.owner);
    clock.now = expiresAt - 1;
    await at.app.administration.due.run();
    expect(await lookUp(at.app, council, id)).toMatchObject({ state: 'PENDING' });
    pass(1);
    expect(await settled(at.app, council, id)).toMatchObject({ state: 'EXPIRED' });
    await expect(admin().approveChange(council.olga, id)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await story(at.app, council)).at(-1)).toBe('Owner: change_expired');
  });
});

describe('two changes of the same', () => {
  test('happen in the order in which they were asked for', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour });
    const first = await askForAnn(at.app, council.owner);
    const { pending: second } = await admin().removeMembers(council.olga, ['otto']);
    const { pending: third } = await admin().upsertMembers(council.olga, [{ id: 'otto', role: 'MEMBER' }]);
    pass(hour);
    expect(await settled(at.app, council, first.id)).toMatchObject({ state: 'DONE' });
    expect(await settled(at.app, council, second?.id ?? '')).toMatchObject({ state: 'DONE' });
    // Otto is gone: as a new member he would need a name.
    expect(await settled(at.app, council, third?.id ?? '')).toMatchObject({
      state: expect.stringMatching(/DONE|REFUSED/),
    });
    expect(await roleOf(at.app, council, 'otto')).not.toBe('OWNER');
  });

  test('asked for by two stand beside each other, and the later finds nothing left to do', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { secondPerson: true });
    const [first, second] = [await askForAnn(at.app, council.owner), await askForAnn(at.app, council.olga)];
    expect(first.id).not.toBe(second.id);
    expect(await admin().approveChange(council.otto, second.id)).toMatchObject({ state: 'DONE' });
    expect(await admin().approveChange(council.otto, first.id)).toMatchObject({ state: 'DONE' });
    const told = await story(at.app, council);
    expect(told.filter((one) => one.endsWith('member_role_changed'))).toEqual(['olga: member_role_changed']);
  });
});

describe('calling it off', () => {
  test.each(['owner', 'otto'] as const)('is for %s', async (who) => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour });
    const { id } = await askForAnn(at.app, council.owner);
    expect(await admin().cancelChange(council[who], id)).toMatchObject({ state: 'CANCELLED' });
    await expect(admin().cancelChange(council[who], id)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    pass(2 * hour);
    await at.app.administration.due.run();
    expect(await roleOf(at.app, council, 'ann')).toBe('MEMBER');
    expect((await story(at.app, council)).at(-1)).toBe(`${council[who].name}: change_cancelled`);
    expect((await askForAnn(at.app, council.owner)).id).not.toBe(id);
  });

  test('is not for others', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour });
    const { id } = await askForAnn(at.app, council.owner);
    const ann = await acting(at.app, council.to, 'ann');
    expect(await admin().cancelChange(ann, id)).toBeNull();
    expect(await admin().cancelChange(council.otto, 'nothing')).toBeNull();
    expect(await lookUp(at.app, council, id)).toMatchObject({ state: 'PENDING' });
  });
});

describe('the settings', () => {
  test('asking for more applies at once, to what waits as well', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: 60 });
    const { pending: weaker } = await guard(at.app, council, {});
    const { id } = await askForAnn(at.app, council.owner);
    const { pending, guards } = await guard(at.app, council, { delaySeconds: hour, secondPerson: true });
    expect(pending).toBeNull();
    expect(guards[0]).toEqual({ operation: 'CHANGE_OWNERS', delaySeconds: hour, secondPerson: true });
    pass(61);
    await at.app.administration.due.run();
    for (const one of [id, weaker?.id ?? '']) {
      const found = await lookUp(at.app, council, one);
      expect(found).toMatchObject({ state: 'PENDING', approvalsNeeded: 1 });
      expect(found.dueAt).toBe(found.requestedAt + hour * 1000);
    }
  });

  test('shorter and with a second person is less, too', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { delaySeconds: hour });
    const { pending, guards } = await guard(at.app, council, { delaySeconds: 60, secondPerson: true });
    expect(pending).toMatchObject({ operations: ['CHANGE_GUARDS'], state: 'PENDING' });
    expect(guards[0]).toEqual({ operation: 'CHANGE_OWNERS', delaySeconds: hour, secondPerson: false });
  });

  test.each([
    [{ delaySeconds: -1 }, 'delaySeconds'],
    [{ delaySeconds: 1.5 }, 'delaySeconds'],
    [{ delaySeconds: 30 * 86_400 + 1 }, 'delaySeconds'],
  ])('%j is refused', async (setting, path) => {
    const council = await newCouncil(at.app);
    await expect(guard(at.app, council, setting)).rejects.toMatchObject({ code: 'BAD_INPUT', path });
  });

  test('are for those who manage the organization', async () => {
    const council = await newCouncil(at.app);
    const adam = await acting(at.app, council.to, 'adam');
    await expect(guard(at.app, { ...council, owner: adam }, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(admin().guards(adam)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const operation = 'CHANGE_GUARDS' as 'CHANGE_OWNERS';
    const set = admin().setGuard(council.owner, { operation, delaySeconds: 1, secondPerson: false });
    await expect(set).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'operation' });
  });
});

test('no owner hides behind other changes: each is shown first, and more than can be shown are not accepted', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { secondPerson: true });
  const crowd = (count: number, role: string) => Array.from({ length: count }, (_, index) => member(`m${index}`, role));
  const { pending } = await admin().upsertMembers(council.owner, [...crowd(200, 'MEMBER'), member('ann', 'OWNER')]);
  expect(pending).toMatchObject({ plannedCount: 201, planned: { length: 50, 0: { affectedUser: { id: 'ann' } } } });
  const many = admin().upsertMembers(council.owner, crowd(51, 'OWNER'));
  await expect(many).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'members' });
});

test('there is a limit to what waits, and to how large it is', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: hour });
  const rows = Array.from({ length: 20_000 }, (_, index) => ({
    id: `m${index}`,
    name: 'x'.repeat(50),
    role: 'MEMBER',
  }));
  const large = admin().upsertMembers(council.owner, [...rows, member('ann', 'OWNER')]);
  await expect(large).rejects.toMatchObject({ code: 'BAD_INPUT' });
  for (let index = 0; index < 100; index++) await admin().upsertMembers(council.owner, [member(`n${index}`, 'OWNER')]);
  await expect(admin().upsertMembers(council.owner, [member('one more', 'OWNER')])).rejects.toBeInstanceOf(AnnalsError);
  expect((await admin().pendingChanges(council.owner, { first: 60 })).hasNextPage).toBe(true);
}, 60_000);
