/** Who sees what and why: the explanations agree with the rule itself, and with what is answered. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import type { Entry } from '../../src/model/entry.ts';
import { matches } from '../../src/model/predicate.ts';
import { type Permission, reaches } from '../../src/model/role.ts';
import type { AccessHolder } from '../../src/visibility/visibility.ts';
import { openReadingLog, type ReadingLog } from '../query/support.ts';
import { raiseRights } from '../support/app.ts';
import { answer, openTestApp, principalOf, type TestApp } from '../support/readingApp.ts';
import { giveRole, openClosedFolder, openWorld, tokenAs } from './roles.ts';

let at: TestApp;

beforeAll(async () => {
  at = await openTestApp();
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** A token with a role of its own. */
async function roleToken(log: ReadingLog, role: string): Promise<Principal> {
  const token = await tokenAs(at, log, 'm0');
  const { tokenId: id } = await principalOf(at.app, token);
  await at.app.store.prisma.apiToken.update({ where: { id }, data: { memberId: null, role } });
  return principalOf(at.app, token);
}

/** Kinds of answers that the random worlds led to. */
const met = new Set<string>();

const everyone = { first: 500, after: null, almost: true } as const;
const names = (holders: readonly AccessHolder[]) => holders.map(({ kind, id }) => `${kind} ${id}`).sort();

/** The visible entries of the owner: all. */
async function entriesOf(log: ReadingLog, owner: Principal): Promise<Entry[]> {
  const ids = log.recorded.map(({ id }) => id);
  return at.app.services.query.entries(owner, ids);
}

function checkReasons(
  holder: AccessHolder,
  principal: Principal,
  entry: Entry,
  grants: readonly { directory: number }[],
) {
  const { visibility, minimumAccessLevel } = { ...principal.role, ...principal.role.visibility };
  met.add(`${holder.obstacle}`);
  const rules = new Set(holder.reasons.map(({ rule }) => rule));
  expect(rules.size).toBeGreaterThan(0);
  expect(rules.has('SEES_ALL')).toBe(visibility.scope === 'ALL');
  const me = visibility.ownActivity ? (principal.member?.actor ?? null) : null;
  expect(rules.has('ACTOR')).toBe(me !== null && entry.actor === me);
  expect(rules.has('AFFECTED_USER')).toBe(me !== null && entry.affectedUser === me);
  for (const reason of holder.reasons) {
    met.add(reason.rule);
    if (reason.rule !== 'GRANTED') continue;
    met.add(reason.inherited ? 'inherited' : 'direct').add(reason.group === null ? 'own' : 'through a group');
    expect(reaches(reason.level, minimumAccessLevel)).toBe(true);
    expect(reason.inherited).toBe(reason.directory !== entry.directory);
    const { directory, level } = reason;
    expect(grants).toContainEqual({ directory, level, group: reason.group?.number ?? null });
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('world %i: accessTo names whom the rule lets through, and why', async (seed) => {
  const { auth, services, administration, store } = at.app;
  const { visibility, explanations } = services;
  const log = await openWorld(at, seed);
  const tokens: Principal[] = [];
  for (const role of ['AUDITOR', 'INTEGRATION', 'MEMBER', 'OWN_0']) tokens.push(await roleToken(log, role));
  const past = await roleToken(log, 'AUDITOR');
  const expiresAt = new Date(at.clock.now - 1);
  await store.prisma.apiToken.update({ where: { id: past.tokenId }, data: { expiresAt } });
  const gone = await roleToken(log, 'AUDITOR');
  await administration.revokeToken(log.organization, gone.tokenId);

  const members = await Promise.all(log.viewpoints.map(({ principal }) => auth.refresh(principal)));
  const principals = await Promise.all(
    [...members, ...tokens].map(async (principal) => {
      const { role } = principal;
      const anyCategory = { ...role, visibility: { ...role.visibility, categories: null } };
      const wide = await visibility.sightOf({ ...principal, tokenId: `wide ${principal.tokenId}`, role: anyCategory });
      const id = principal.member === null ? `TOKEN ${principal.tokenId}` : `MEMBER ${principal.member.externalId}`;
      return { id, principal, sight: await visibility.sightOf(principal), wide };
    }),
  );
  const [owner] = members;
  if (owner === undefined) throw new TypeError('no owner');
  for (const entry of await entriesOf(log, owner)) {
    const { edges } = await explanations.accessTo(owner, entry, everyone);
    const holders = edges.map(({ holder }) => holder);
    const mayRead = ({ role }: Principal) => role.permissions.has('READ');
    const seen = principals.filter(({ sight, principal }) => matches(sight.predicate, entry) && mayRead(principal));
    const near = principals.filter(({ wide }) => matches(wide.predicate, entry));
    expect(names(holders.filter(({ obstacle }) => obstacle === null))).toEqual(seen.map(({ id }) => id).sort());
    expect(names(holders)).toEqual(near.map(({ id }) => id).sort());
    for (const holder of holders) {
      const of = principals.find(({ id }) => id === `${holder.kind} ${holder.id}`);
      if (of === undefined) throw new TypeError('nobody');
      expect(holder.obstacle === 'CATEGORY').toBe(!matches(of.sight.predicate, entry));
      checkReasons(holder, of.principal, entry, of.sight.grants);
    }
  }
});

test('those worlds had every rule, every obstacle and every kind of grant', () => {
  const kinds = ['SEES_ALL', 'GRANTED', 'ACTOR', 'AFFECTED_USER', 'inherited', 'direct', 'own', 'through a group'];
  expect([...met].sort()).toEqual([...kinds, 'null', 'CATEGORY', 'PERMISSION'].sort());
});

test('accessTo takes as many statements for many members as for few, and pages by name', async () => {
  const { administration, services, store } = at.app;
  const log = await openReadingLog(at, 20, 20);
  const owner = await principalOf(at.app, log.ownerToken);
  const [entry] = await entriesOf(log, owner);
  if (entry === undefined) throw new TypeError('no entry');
  const statements = async () => {
    let count = 0;
    using _ = store.observe(() => void count++);
    await services.explanations.accessTo(owner, entry, everyone);
    return count;
  };
  const few = await statements();
  const member = (index: number) => {
    const id = String(index).padStart(3, '0');
    return { externalId: `x${id}`, name: `X ${id}`, email: null, role: 'AUDITOR' };
  };
  const many = Array.from({ length: 120 }, (_, index) => member(index));
  await administration.importWorld(log.organization, { members: many, groups: [], directories: [], grants: [] });
  expect(await statements()).toBe(few);
  expect(few).toBeLessThan(8);

  const document = `query ($entry: ID!, $after: String) { accessTo(entry: $entry, first: 50, after: $after) {
    totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
  const found: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const { data } = await answer(at.app, log.ownerToken, document, { entry: entry.id, after });
    const page = data?.accessTo as { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    found.push(...page.nodes.map(({ id }) => id));
    more = page.pageInfo.hasNextPage;
    after = page.pageInfo.endCursor;
  }
  expect(found.filter((id) => id.startsWith('x'))).toEqual(many.map(({ externalId }) => externalId));
  expect(new Set(found).size).toBe(found.length);
  const bad = await answer(at.app, log.ownerToken, document, { entry: entry.id, after: 'nonsense' });
  expect(bad.errors?.[0]?.extensions?.code).toBe('BAD_CURSOR');
});

const sees = `inWords everything scope minimumAccessLevel ownActivity categories { key } directoryCount grantCount
  hiddenFields directories(first: 500) { id name path }
  grants(first: 500) { directoryId level groupId groupName effect directory { id } }`;

test('visibilityOf says to a manager what viewer says to the member, but for what the manager sees of directories', async () => {
  for (const seed of [31, 32, 33]) {
    const log = await openWorld(at, seed);
    for (const id of ['m0', 'm1', 'm2', 'm3']) {
      const token = await tokenAs(at, log, id);
      const own = await answer(at.app, token, `{ viewer { actor { id } role { key permissions } sees { ${sees} } } }`);
      const document = `query ($id: ID!) { visibilityOf(member: $id) { actor { id } role { key permissions } sees { ${sees} } } }`;
      const told = await answer(at.app, log.ownerToken, document, { id });
      // A path starts where its reader’s sight starts.
      const bare = (value: unknown) =>
        JSON.stringify(value, (key, part) => (key === 'path' || key === 'directory' ? undefined : part));
      expect(bare(told.data?.visibilityOf)).toBe(bare(own.data?.viewer));
      const viaActor = await answer(at.app, log.ownerToken, document, { id: `actor:MEMBER:${id}` });
      expect(viaActor).toEqual(told);
    }
  }
});

test('grants say what each does: opens, closes what the same subject has above, or nothing', async () => {
  const { token } = await openClosedFolder(at);
  const { data } = await answer(at.app, token, `{ viewer { sees { inWords hiddenFields ${sees} } } }`);
  expect(data?.viewer).toMatchObject({
    sees: {
      ownActivity: true,
      hiddenFields: [],
      directoryCount: 2,
      grantCount: 5,
      grants: [
        { directoryId: 'again', level: 'ADMINISTRATOR', groupId: 'ops', groupName: 'Operations', effect: 'OPENS' },
        { directoryId: 'closed', level: 'EDIT', groupId: null, effect: 'NONE', directory: null },
        { directoryId: 'closed', level: 'READ', groupId: 'ops', effect: 'CLOSES', directory: null },
        { directoryId: 'vault', level: 'ADMINISTRATOR', effect: 'OPENS', directory: { id: 'directory:vault' } },
        { directoryId: 'zero', level: 'FULL_ACCESS', groupId: null, effect: 'NONE', directory: null },
      ],
    },
  });
});

test('only managers ask; a manager who sees a part learns of no hidden entry, and previews nobody', async () => {
  const log = await openReadingLog(at, 70, 40);
  const manages: Permission[] = ['READ', 'MANAGE_MEMBERS'];
  await giveRole(at, log, 'm0', 'MEMBER_ONLY', {});
  await giveRole(at, log, 'm1', 'PART', { permissions: manages, ownActivity: true, scope: 'NONE' });
  const [reader, part] = [await tokenAs(at, log, 'm0'), await tokenAs(at, log, 'm1')];
  const codes = async (token: string, source: string) =>
    (await answer(at.app, token, source)).errors?.map(({ extensions }) => extensions?.code);
  const id = log.recorded[0]?.id;
  const fields = [
    `{ accessTo(entry: "${id}") { totalCount } }`,
    '{ visibilityOf(member: "m1") { name } }',
    '{ asMember(member: "m1") { logs { totalCount } } }',
  ];
  for (const field of fields) expect(await codes(reader, field)).toEqual(['FORBIDDEN']);
  expect(await codes(part, '{ asMember(member: "m2") { logs { totalCount } } }')).toEqual(['FORBIDDEN']);

  const mine = new Set(
    (await at.app.services.query.logs(await principalOf(at.app, part), { first: 500 })).edges.map(
      ({ entry }) => entry.id,
    ),
  );
  expect(mine.size).toBeGreaterThan(0);
  expect(mine.size).toBeLessThan(log.recorded.length);
  for (const entry of log.recorded) {
    const { data, errors } = await answer(at.app, part, `{ accessTo(entry: "${entry.id}") { totalCount } }`);
    expect(errors).toBeUndefined();
    expect(data?.accessTo !== null).toBe(mine.has(entry.id));
  }
  const missing = '{ accessTo(entry: "01890000-0000-7000-8000-000000000000") { totalCount } }';
  expect((await answer(at.app, part, missing)).data).toEqual({ accessTo: null });
});

test('a suspended member sees nothing and cannot be looked through; an unknown one is nobody', async () => {
  const log = await openReadingLog(at, 80, 10);
  const { organization: organizationId } = log.organization;
  await at.app.store.prisma.member.updateMany({
    where: { organizationId, externalId: 'm0' },
    data: { status: 'SUSPENDED', role: 'AUDITOR' },
  });
  await raiseRights(at.app, organizationId);
  const ask = (source: string) => answer(at.app, log.ownerToken, source);
  const { data } = await ask('{ visibilityOf(member: "m0") { memberId active role { key } sees { inWords } } }');
  expect(data).toEqual({ visibilityOf: { memberId: 'm0', active: false, role: null, sees: null } });
  const preview = await ask('{ asMember(member: "m0") { logs { totalCount } } }');
  expect(preview.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', path: 'member' });
  const access = await ask(`{ accessTo(entry: "${log.recorded[0]?.id}", almost: true) { nodes { id } } }`);
  expect(JSON.stringify(access.data)).not.toContain('"m0"');
  for (const nobody of ['nobody', 'nul\\u0000']) {
    const { data, errors } = await ask(
      `{ visibilityOf(member: "${nobody}") { name } asMember(member: "${nobody}") { logs { totalCount } } }`,
    );
    expect([data, errors]).toEqual([{ visibilityOf: null, asMember: null }, undefined]);
  }
});
