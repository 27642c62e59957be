/** Organizations with the same ids and other contents, and every statement of the store called for one of them. */
import fc from 'fast-check';
import { always, never } from '../../src/model/predicate.ts';
import { cubes } from '../../src/model/rollUp.ts';
import type { PendingRecord, Store, ViewRecord } from '../../src/store/store.ts';
import { entry as anyEntry, appendRow, firstRecordedAt } from '../support/entries.ts';

/** What an organization goes by in the database. */
export interface Facts {
  readonly organization: number;
  readonly actors: readonly number[];
  readonly directories: readonly number[];
  readonly member: number;
  readonly groups: readonly number[];
  readonly token: string;
  readonly pending: string;
  readonly view: string;
  readonly hash: Uint8Array;
  readonly uid: string;
  readonly issuer: string;
  readonly entries: readonly string[];
}

/** With the same external ids in each, and `mark` in every name; also things that only this one has, by its mark. */
export async function fill(store: Store, mark: string, index: number): Promise<Facts> {
  const uid = (kind: number) => `0190000${index}-0000-7000-8000-00000000000${kind}`;
  const organization = await store.administration.insertOrganization({ uid: uid(0), name: mark, demo: false });
  if (organization === null) throw new TypeError('the name is taken');
  const { administration } = store;
  const own = `only-${mark}`;
  const member = (externalId: string) =>
    ({
      externalId,
      name: `${externalId} ${mark}`,
      email: `${mark}@x.example`,
      role: 'OWNER',
      status: 'ACTIVE',
    }) as const;
  await administration.writeMembers(organization, ['m1', 'm2', own].map(member));
  await administration.writeGroups(
    organization,
    ['g1', own].map((externalId) => ({ externalId, name: mark })),
  );
  const memberships = [
    { groupId: 'g1', memberId: 'm1' },
    { groupId: own, memberId: own },
  ];
  await administration.addMemberships(organization, memberships);
  const place = (externalId: string, parentId: string | null) =>
    ({ externalId, name: `${externalId} ${mark}`, kind: 'VAULT', parentId }) as const;
  await administration.writePlaces(organization, [place('d1', null), place('d2', 'd1'), place(own, 'd1')]);
  const level = index % 2 === 0 ? 'ADMINISTRATOR' : 'READ';
  await administration.writeGrants(organization, [
    { directoryId: 'd1', memberId: 'm1', groupId: null, level },
    { directoryId: 'd2', memberId: null, groupId: 'g1', level },
    { directoryId: own, memberId: own, groupId: null, level },
  ]);
  await administration.writeRole(organization, role('OWN', mark));
  const hash = Buffer.alloc(32, index);
  const token = {
    id: uid(1),
    name: mark,
    prefix: mark,
    memberId: 'm1',
    role: null,
    createdAt: 0,
    expiresAt: null,
    makers: [mark],
    hash,
  };
  await administration.insertToken(organization, token);
  const program = { ...token, id: uid(2), memberId: null, role: 'OWN', hash: Buffer.alloc(32, index + 100) };
  await administration.insertToken(organization, program);
  await store.syncEntryCounts(uid(9), [{ organization, subject: 's', day: 20_000, entries: index }]);
  await store.writeTokenUses([{ organization, tokenId: token.id, at: firstRecordedAt, from: '192.0.2.1' }]);
  await administration.writeGuard(organization, {
    operation: 'CHANGE_OWNERS',
    delaySeconds: index,
    secondPerson: true,
  });
  await administration.insertPending(organization, pendingChange(uid(4), mark));
  for (const one of views(mark, index)) await administration.writeView(organization, one);
  await administration.writeOutbox(organization, [{ action: 'annals.role_changed', component: mark }]);
  await administration.writeJwtIssuer(organization, issuer(uid(3), mark));
  await store.writeAccessCounts(uid(9), [{ ...window(organization), ...counts(mark) }]);

  const people = ['m1', 'x', own].map(
    (externalId) => ({ type: 'MEMBER', externalId, name: mark, email: mark }) as const,
  );
  const actors = await store.registerActors(organization, people);
  const kinds = ['d1', 'd2', own].map(
    (externalId) => ({ kind: 'VAULT', externalId, name: mark, parent: null }) as const,
  );
  const directories = await store.registerDirectories(organization, kinds);
  const ids = Array.from({ length: 4 }, (_, at) => `0190000${index}-0000-7000-8000-0000000001${at}0`);
  const [one] = fc.sample(anyEntry, { numRuns: 1, seed: 5 });
  if (one === undefined) throw new TypeError('no entry was drawn');
  const rows = ids.map((id, at) => {
    const row = { ...one, id, actor: actors[at % 3] ?? null, directory: directories[at % 3] ?? null, component: mark };
    const named = { ...row, actorName: mark, directoryName: mark, affectedUser: null, vault: null };
    return { ...appendRow(named, Buffer.alloc(80, index), Buffer.alloc(32, index)), key: `k${at}` };
  });
  await store.appendBatch(organization, firstRecordedAt, null, rows);
  await store.addSearchBlocks(organization, [block(firstRecordedAt)]);
  const found = await store.findMember(organization, 'm1');
  const grants = await store.readGrants(organization, found?.id ?? 0);
  const groups = grants.map(({ group }) => group).filter((group) => group !== null);
  const ours = { member: found?.id ?? 0, groups, token: uid(1), hash, uid: uid(0), issuer: uid(3), pending: uid(4) };
  return { organization, actors, directories, ...ours, view: views(mark, index)[0]?.id ?? '', entries: ids };
}

const issuer = (id: string, name: string, iss = 'https://issuer.example') => ({
  id,
  name,
  issuer: iss,
  audience: name,
  algorithms: ['EdDSA'],
  keys: '{"keys": []}',
  secrets: null,
  address: null,
  roles: ['OWN'],
  storedMembers: true,
  lifetimeSeconds: 60,
  version: 1,
  createdAt: 0,
  removedAt: null,
});

const pendingChange = (id: string, mark: string): PendingRecord => ({
  id,
  kind: 'members',
  operations: ['CHANGE_OWNERS'],
  request: mark,
  requestHash: 'hash',
  planned: mark,
  askedBy: { tokenId: id, memberId: 'm1', name: mark },
  approvals: [],
  delaySeconds: 1,
  secondPerson: false,
  requestedAt: firstRecordedAt,
  dueAt: firstRecordedAt,
  expiresAt: firstRecordedAt,
  state: 'PENDING',
  code: null,
  endedAt: null,
});
/** Shared, private, and of members that only this organization has or that are nobody. */
const views = (mark: string, index: number): ViewRecord[] =>
  ['m1', 'm1', `only-${mark}`, 'nobody'].map((owner, at) => ({
    id: `0190000${index}-0000-7000-8000-0000000002${at}0`,
    owner: { id: owner, issuer: null },
    ownerName: mark,
    name: `view ${at}`,
    description: mark,
    filter: { component: { in: [mark] } },
    period: null,
    orderField: 'RECORDED_AT',
    direction: 'DESC',
    columns: ['ACTION'],
    roles: at === 0 ? ['OWN', 'AUDITOR'] : [],
    createdAt: 0,
    updatedAt: 0,
  }));
const viewReader = { owner: { id: 'm1', issuer: null }, roles: ['OWN', 'AUDITOR'] };
const approval = { tokenId: 't', memberId: 'm1', name: 'n', at: 0 };
const role = (key: string, name: string) =>
  ({
    key,
    name,
    description: name,
    permissions: ['READ'],
    visibility: { categories: null, scope: 'ALL', minimumAccessLevel: 'READ', ownActivity: false },
    hiddenFields: [],
  }) as const;
const window = (organization: number) =>
  ({ organization, kind: 'READ', actorType: 'MEMBER', actorId: 'm1', start: 0, end: firstRecordedAt }) as const;
const counts = (mark: string) => ({
  actorName: mark,
  operation: mark,
  operations: 1,
  entries: 1,
  repeated: true,
  lastSeen: firstRecordedAt,
});
const token = {
  id: '01900000-0000-7000-8000-0000000000ff',
  name: 't',
  prefix: 't',
  role: null,
  expiresAt: null,
  makers: [],
};
const page = { after: null, limit: 100 };

const block = (time: number) => ({ number: 0, recordedFrom: time, recordedTo: time, grams: [1, 2] });

/** Calls for the organization `a`, which also name what belongs to `b`: its numbers, and ids that `a` does not have. */
type Calls = (store: Store, a: Facts, b: Facts) => readonly Promise<unknown>[];

/** In the order in which they are made: those that change and remove come last. */
export const calls: Readonly<Record<string, Calls>> = {
  findMember: (s, a) => [s.findMember(a.organization, 'm1'), s.findMember(a.organization, 'only-theirs')],
  findCredentials: (s, a) => [s.findCredentials([a.hash])],
  reloadCredential: (s, a, b) => [
    s.reloadCredential(a.organization, a.token),
    s.reloadCredential(a.organization, b.token),
  ],
  findKnownToken: (s, a) => [s.findKnownToken(a.hash)],
  findJwtCredential: (s, a) =>
    ['m1', 'only-theirs'].flatMap((subject) =>
      ['OWN', null].map((role) =>
        s.findJwtCredential({ organization: a.uid, issuer: 'https://issuer.example', subject, role }),
      ),
    ),
  readStatedGrants: (s, a) => [
    s.readStatedGrants(
      a.organization,
      ['g1', 'only-theirs'],
      ['d1', 'only-theirs'].map((id) => ({ id, level: 'EDIT' })),
    ),
  ],
  readOwnRoles: (s, a) => [s.readOwnRoles(a.organization)],
  readTree: (s, a) => [s.readTree(a.organization)],
  readGrants: (s, a, b) => [s.readGrants(a.organization, a.member), s.readGrants(a.organization, b.member)],
  readHolders: (s, a) => [s.readHolders(a.organization)],
  readRoleTokens: (s, a) => [s.readRoleTokens(a.organization)],
  readGroups: (s, a, b) => [s.readGroups(a.organization, [...a.groups, ...b.groups])],
  readAncestors: (s, a, b) => [s.readAncestors(a.organization, [...a.directories, ...b.directories])],
  readGrantsOn: (s, a, b) => [s.readGrantsOn(a.organization, [...a.directories, ...b.directories])],
  readActors: (s, a, b) => [s.readActors(a.organization, [...a.actors, ...b.actors])],
  findActors: (s, a) => [s.findActors(a.organization, ['m1', 'x', 'only-theirs'])],
  readDirectories: (s, a, b) => [s.readDirectories(a.organization, [...a.directories, ...b.directories])],
  findDirectories: (s, a) => [s.findDirectories(a.organization, ['d1', 'only-theirs'])],
  searchActors: (s, a, b) =>
    [null, ...a.actors.slice(0, 1), ...b.actors.slice(0, 1)].flatMap((only) =>
      [true, false].map((everything) =>
        s.searchActors(
          a.organization,
          { predicate: always, everything, emails: true },
          { only: only === null ? null : [only], search: null, limit: 100 },
        ),
      ),
    ),
  searchDirectories: (s, a, b) =>
    [null, [...a.directories, ...b.directories], [], b.directories].map((known) =>
      s.searchDirectories(a.organization, always, { known, within: null, search: null, limit: 100 }),
    ),
  readPage: (s, a, b) =>
    [
      always,
      { op: 'in', field: 'actor', values: new Set(b.actors) } as const,
      { op: 'text', text: 'ours', fields: null } as const,
    ].map((predicate) =>
      s.readPage({ organization: a.organization, predicate, direction: 'ASC', after: null, before: null, limit: 9 }),
    ),
  readPageByOccurrence: (s, a) => [
    s.readPageByOccurrence({
      organization: a.organization,
      predicate: always,
      direction: 'DESC',
      after: null,
      before: null,
      limit: 9,
    }),
  ],
  lacksTexts: (s, a) => [s.lacksTexts(a.organization)],
  readWithoutText: (s, a) => [s.readWithoutText(a.organization, 9)],
  readTexts: (s, a) => [s.readTexts(a.organization, { recordedAt: 0, position: -1 }, 9)],
  readLastBlock: (s, a) => [s.readLastBlock(a.organization)],
  countEntries: (s, a) => [s.countEntries(a.organization, always, 100)],
  follow: (s, a) =>
    [1, 10].map((limit) =>
      s.follow(a.organization, 'statistics', (after, { rollUpEntries }) => rollUpEntries(a.organization, after, limit)),
    ),
  readStatistics: (s, a) =>
    cubes.flatMap((_, cube) =>
      (['actor', 'directory', 'action'] as const).map((column) =>
        s.readStatistics({
          organization: a.organization,
          time: 'occurredAt',
          bounds: [0, firstRecordedAt],
          groupings: [{ column }, { column: 'component' }],
          top: 2,
          distinctActors: true,
          rows: always,
          rolled: { cube, cells: always, entries: always, slots: { from: 0, to: 1 }, straddled: [0] },
        }),
      ),
    ),
  readOpened: (s, a) =>
    ['vault', 'directory', 'item'].map((kind) =>
      s.readOpened({
        organization: a.organization,
        predicate: always,
        opens: new Map(Array.from({ length: 500 }, (_, number) => [number, kind])),
        looked: 100,
        limit: 100,
      }),
    ),
  readFirstSeen: (s, a) =>
    (['device', 'ip', 'action'] as const).flatMap((field) =>
      [never, always].map((before) =>
        s.readFirstSeen({
          organization: a.organization,
          field,
          period: always,
          before,
          looked: 100,
          limit: 100,
        }),
      ),
    ),
  readByIds: (s, a, b) => [s.readByIds(a.organization, [...a.entries, ...b.entries], always)],
  locateEntry: (s, a, b) =>
    [a, b].map(({ entries: [id = ''] }) => s.locateEntry(a.organization, firstRecordedAt, id, always)),
  readSeals: (s, a, b) => [s.readSeals(a.organization, [...a.entries, ...b.entries])],
  readTail: (s, a) => [s.readTail(a.organization, { recordedAt: 0, position: -1 }, 100)],
  readHead: (s, a) => [s.readHead(a.organization)],
  readHistory: (s, a) => [s.readHistory(a.organization, { recordedAt: 0, position: -1 }, always, 100)],
  'administration.readRoles': ({ administration: s }, a) => [s.readRoles(a.organization)],
  'administration.countRoleUses': ({ administration: s }, a) => [s.countRoleUses(a.organization, 'OWN')],
  'administration.pageTokens': ({ administration: s }, a) => [s.pageTokens(a.organization, { ...page, revoked: true })],
  'administration.readJwtIssuers': ({ administration: s }, a) => [s.readJwtIssuers(a.organization)],
  'administration.findToken': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.findToken(a.organization, one.token)),
  'administration.readMembers': ({ administration: s }, a) => [
    s.readMembers(a.organization, null),
    s.readMembers(a.organization, ['m1', 'only-theirs']),
  ],
  'administration.pageMembers': ({ administration: s }, a) => [
    s.pageMembers(a.organization, page, { search: 'm', emails: true, status: null }),
  ],
  'administration.readGroups': ({ administration: s }, a) => [s.readGroups(a.organization, null)],
  'administration.pageGroups': ({ administration: s }, a) => [s.pageGroups(a.organization, page)],
  'administration.readMemberships': ({ administration: s }, a) => [
    s.readMemberships(a.organization, { groups: null, members: null }),
    s.readMemberships(a.organization, { groups: ['g1', 'only-theirs'], members: ['m2', 'only-theirs'] }),
  ],
  'administration.readPlaces': ({ administration: s }, a) => [s.readPlaces(a.organization, null)],
  'administration.readGrants': ({ administration: s }, a) => [
    s.readGrants(a.organization, { directories: null, members: null, groups: null }),
    s.readGrants(a.organization, { directories: ['d1'], members: ['only-theirs'], groups: ['g1', 'only-theirs'] }),
  ],
  'administration.pageGrants': ({ administration: s }, a) => [
    s.pageGrants(a.organization, { directory: null, member: null, group: null, ...page, newestNames: true }),
  ],
  'administration.countOwners': ({ administration: s }, a) => [s.countOwners(a.organization)],
  'administration.lockOrganization': ({ administration: s }, a) => [s.lockOrganization(a.organization)],
  'administration.readGuards': ({ administration: s }, a) => [s.readGuards(a.organization)],
  'administration.findPending': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.findPending(a.organization, one.pending)),
  'administration.findOpenPending': ({ administration: s }, a) => [s.findOpenPending(a.organization, 'hash')],
  'administration.pagePending': ({ administration: s }, a) => [
    s.pagePending(a.organization, { ...page, kinds: ['members'], state: null }),
  ],
  'administration.outboxWaits': ({ administration: s }, a) => [s.outboxWaits(a.organization)],
  'administration.readOutbox': ({ administration: s }, a) => [s.readOutbox(a.organization, { after: 0, limit: 9 })],
  'administration.pageViews': ({ administration: s }, a) => [
    s.pageViews(a.organization, viewReader, { ...page, name: null }),
  ],
  'administration.findView': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.findView(a.organization, viewReader, one.view)),
  'administration.findOwnView': ({ administration: s }, a) =>
    ['m1', 'only-theirs'].map((id) => s.findOwnView(a.organization, { id, issuer: null }, 'view 2')),
  'administration.countViews': ({ administration: s }, a) => [s.countViews(a.organization, viewReader.owner)],
  'administration.readViewsOfRole': ({ administration: s }, a) => [s.readViewsOfRole(a.organization, 'OWN')],

  syncEntryCounts: (s, a) =>
    ['01900000-0000-7000-8000-0000000000aa', '01900000-0000-7000-8000-0000000000ab'].map((server) =>
      s.syncEntryCounts(server, [{ organization: a.organization, subject: 's', day: 20_000, entries: 7 }]),
    ),
  writeTokenUses: (s, a, b) => [
    s.writeTokenUses(
      [a, b].map((one) => ({
        organization: a.organization,
        tokenId: one.token,
        at: firstRecordedAt + 1,
        from: null,
      })),
    ),
  ],
  'administration.changeToken': ({ administration: s }, a, b) =>
    [a, b].map((one) =>
      s.changeToken(a.organization, { id: one.token, name: 'new', networks: ['10.0.0.0/8'], limits: null }),
    ),
  'administration.readOrganizationLimits': ({ administration: s }, a) => [s.readOrganizationLimits(a.organization)],
  'administration.writeOrganizationLimits': ({ administration: s }, a) => [
    s.writeOrganizationLimits(a.organization, { entriesPerDay: 5 }),
  ],
  'administration.rotateToken': ({ administration: s }, a, b) =>
    [a, b].map((one, index) => {
      const made = { prefix: 'new', makers: ['m2'], at: firstRecordedAt, previousEndsAt: firstRecordedAt + 1 };
      return s.rotateToken(a.organization, { id: one.token, hash: Buffer.alloc(32, 200 + index), ...made });
    }),
  registerActors: (s, a) => [
    s.registerActors(a.organization, [
      { type: 'MEMBER', externalId: 'x', name: 'new', email: 'new' },
      { type: 'MEMBER', externalId: 'm2', name: 'new', email: 'new' },
    ]),
  ],
  registerDirectories: (s, a) => [
    s.registerDirectories(a.organization, [
      { kind: 'FOLDER', externalId: 'd2', name: 'new', parent: 'only-theirs' },
      { kind: 'FOLDER', externalId: 'd1', name: 'new', parent: 'only-theirs' },
    ]),
  ],
  appendBatch: (s, a, b) => {
    const [one] = fc.sample(anyEntry, { numRuns: 1, seed: 6 });
    if (one === undefined) throw new TypeError('no entry was drawn');
    const row = { ...appendRow({ ...one, id: b.entries[0] ?? '' }, Buffer.alloc(80), Buffer.alloc(32)), key: 'k0' };
    return [s.appendBatch(a.organization, firstRecordedAt, null, [row, { ...row, key: 'fresh' }])];
  },
  fillSearchTexts: (s, a) => [
    s.fillSearchTexts(a.organization, [{ recordedAt: firstRecordedAt, position: 0, search: 'new' }]),
  ],
  addSearchBlocks: (s, a) => [
    s.addSearchBlocks(a.organization, [block(firstRecordedAt), { ...block(firstRecordedAt), number: 1 }]),
  ],
  raiseRecordedFloor: (s, a) => [s.raiseRecordedFloor(a.organization, firstRecordedAt + 5)],
  writeAccessCounts: (s, a) => [
    s.writeAccessCounts('01900000-0000-7000-8000-000000000009', [{ ...window(a.organization), ...counts('again') }]),
  ],
  forgetAccessWindows: (s, a) => [s.forgetAccessWindows([window(a.organization)])],
  'administration.writeRole': ({ administration: s }, a) => [s.writeRole(a.organization, role('OWN', 'new'))],
  'administration.writeJwtIssuer': ({ administration: s }, a, b) => [
    s.writeJwtIssuer(a.organization, issuer(a.issuer, 'new')),
    s.writeJwtIssuer(a.organization, issuer(b.issuer, 'new', 'https://other.example')),
  ],
  'administration.removeJwtIssuer': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.removeJwtIssuer(a.organization, one.issuer, firstRecordedAt)),
  'administration.writeMembers': ({ administration: s }, a) => [
    s.writeMembers(a.organization, [
      { externalId: 'm1', name: 'new', email: 'new', role: 'AUDITOR', status: 'SUSPENDED' },
      { externalId: 'm3', name: 'new', email: 'new', role: 'AUDITOR', status: 'ACTIVE' },
    ]),
  ],
  'administration.writeGroups': ({ administration: s }, a) => [
    s.writeGroups(a.organization, [{ externalId: 'g1', name: 'new' }]),
  ],
  'administration.addMemberships': ({ administration: s }, a) => [
    s.addMemberships(a.organization, [
      { groupId: 'g1', memberId: 'm2' },
      { groupId: 'only-theirs', memberId: 'm2' },
      { groupId: 'g1', memberId: 'only-theirs' },
    ]),
  ],
  'administration.writePlaces': ({ administration: s }, a) => [
    s.writePlaces(a.organization, [{ externalId: 'd2', kind: 'FOLDER', name: 'new', parentId: 'only-theirs' }]),
  ],
  'administration.writeGrants': ({ administration: s }, a) => [
    s.writeGrants(a.organization, [
      { directoryId: 'd1', memberId: 'm1', groupId: null, level: 'EDIT' },
      { directoryId: 'only-theirs', memberId: 'm1', groupId: null, level: 'EDIT' },
    ]),
  ],
  'administration.insertToken': ({ administration: s }, a) =>
    ['m1', 'only-theirs'].map((memberId, at) =>
      s.insertToken(a.organization, {
        ...token,
        id: token.id.replace('ff', `f${at}`),
        memberId,
        createdAt: 0,
        hash: Buffer.alloc(32, 200 + at),
      }),
    ),
  'administration.raiseRights': ({ administration: s }, a) => [s.raiseRights(a.organization)],
  'administration.revokeToken': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.revokeToken(a.organization, one.token, firstRecordedAt)),
  'administration.revokeTokensOf': ({ administration: s }, a) => [
    s.revokeTokensOf(a.organization, ['m1', 'only-theirs'], firstRecordedAt),
  ],
  'administration.writeGuard': ({ administration: s }, a) => [
    s.writeGuard(a.organization, { operation: 'CHANGE_OWNERS', delaySeconds: 9, secondPerson: false }),
  ],
  'administration.strengthenPending': ({ administration: s }, a) => [
    s.strengthenPending(a.organization, { operation: 'CHANGE_OWNERS', delaySeconds: 9, secondPerson: true }, 1),
  ],
  'administration.insertPending': ({ administration: s }, a) => [
    s.insertPending(a.organization, pendingChange('01900000-0000-7000-8000-0000000000aa', 'ours')),
  ],
  'administration.writeApprovals': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.writeApprovals(a.organization, one.pending, [approval])),
  'administration.endPending': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.endPending(a.organization, one.pending, { state: 'DONE', code: null, at: 0 })),
  'administration.writeOutbox': ({ administration: s }, a) => [
    s.writeOutbox(a.organization, [{ action: 'annals.role_changed' }]),
  ],
  'administration.forgetOutbox': ({ administration: s }, a) => [s.forgetOutbox(a.organization, [1, 2, 3])],
  'administration.deleteGrants': ({ administration: s }, a) => [
    s.deleteGrants(a.organization, [
      { directoryId: 'd1', memberId: 'm1', groupId: null, level: 'EDIT' },
      { directoryId: 'only-theirs', memberId: 'only-theirs', groupId: null, level: 'EDIT' },
    ]),
  ],
  'administration.deleteMemberships': ({ administration: s }, a) => [
    s.deleteMemberships(a.organization, [
      { groupId: 'g1', memberId: 'm1' },
      { groupId: 'only-theirs', memberId: 'only-theirs' },
    ]),
  ],
  'administration.writeView': ({ administration: s }, a, b) =>
    [a, b].flatMap((one) =>
      views('new', 9)
        .slice(0, 1)
        .map((view) => s.writeView(a.organization, { ...view, id: one.view })),
    ),
  'administration.unshareViews': ({ administration: s }, a) => [s.unshareViews(a.organization, 'OWN')],
  'administration.deleteLostViews': ({ administration: s }, a) => [s.deleteLostViews(a.organization)],
  'administration.deleteView': ({ administration: s }, a, b) =>
    [a, b].map((one) => s.deleteView(a.organization, one.view)),
  'administration.deleteRole': ({ administration: s }, a) => [s.deleteRole(a.organization, 'OWN')],
  'administration.deleteGroups': ({ administration: s }, a) => [s.deleteGroups(a.organization, ['g1', 'only-theirs'])],
};
