/** From what is and what is asked for to what must change: pure, and the same for a dry run. */
import type { GrantRecord, GroupRecord, MemberRecord, MembershipRecord, PlaceRecord } from '../store/store.ts';
import { badInput } from './checks.ts';
import { checkTree, subtrees } from './tree.ts';
import { type GrantKey, grantKey, type MemberInput, present, type Wish } from './wish.ts';

/** What is, as far as the wish touches it; members include removed ones. */
export interface State {
  readonly members: ReadonlyMap<string, MemberRecord>;
  readonly groups: ReadonlyMap<string, GroupRecord>;
  readonly memberships: readonly MembershipRecord[];
  readonly directories: ReadonlyMap<string, PlaceRecord>;
  readonly grants: readonly GrantRecord[];
}

/** Null before: created. Null after: removed. A removed member that comes back is created. */
export interface Difference<T> {
  readonly before: T | null;
  readonly after: T | null;
}

export interface Plan {
  readonly members: readonly Difference<MemberRecord>[];
  readonly groups: readonly Difference<GroupRecord>[];
  readonly memberships: readonly Difference<MembershipRecord>[];
  /** A removed directory loses its grants and its place; the row stays, because entries name it. */
  readonly directories: readonly Difference<PlaceRecord>[];
  readonly grants: readonly Difference<GrantRecord>[];
}

/** Also everything that the state has and a complete wish does not list. */
export function withWhatGoes(state: State, wish: Wish): Wish {
  if (!wish.complete) return wish;
  const unlisted = (ids: Iterable<string>, listed: readonly { readonly id: string }[]) => [
    ...new Set(ids).difference(new Set(listed.map((one) => one.id))),
  ];
  const wanted = new Set(wish.grants.map(grantKey));
  return {
    ...wish,
    removed: {
      members: unlisted(state.members.keys(), wish.members),
      groups: unlisted(state.groups.keys(), wish.groups),
      // Without a grant it may be one that entries registered: it stays where it is.
      directories: unlisted(
        state.grants.map((grant) => grant.directoryId),
        wish.directories,
      ),
      grants: state.grants.filter((grant) => !wanted.has(grantKey(grant))),
    },
  };
}

const isThere = (member: MemberRecord | undefined): member is MemberRecord =>
  member !== undefined && member.status !== 'REMOVED';

function changed<T extends object>(before: T | null, after: T): Difference<T>[] {
  const keys = Object.keys(after) as (keyof T)[];
  return before !== null && keys.every((key) => before[key] === after[key]) ? [] : [{ before, after }];
}

function memberAfter(path: string, input: MemberInput, known: MemberRecord | undefined): MemberRecord {
  const name = input.name ?? known?.name;
  if (name === undefined) throw badInput(`${path}.name`, 'a new member needs a name.');
  return {
    externalId: input.id,
    name,
    email: input.email === undefined ? (known?.email ?? null) : input.email,
    role: input.role === undefined ? (known?.role ?? null) : input.role,
    status: input.status ?? (isThere(known) ? known.status : 'ACTIVE'),
  };
}

function planMembers(state: State, wish: Wish): Difference<MemberRecord>[] {
  const wanted = wish.members.flatMap((input, index) => {
    const known = state.members.get(input.id);
    return changed(isThere(known) ? known : null, memberAfter(`members[${index}]`, input, known));
  });
  const gone = [...new Set(wish.removed.members)].map((id) => state.members.get(id)).filter(isThere);
  return [...wanted, ...gone.map((before) => ({ before, after: null }))];
}

function planGroups(state: State, wish: Wish): Difference<GroupRecord>[] {
  const wanted = wish.groups.flatMap((input, index) => {
    const known = state.groups.get(input.id) ?? null;
    const name = input.name ?? known?.name;
    if (name === undefined) throw badInput(`groups[${index}].name`, 'a new group needs a name.');
    return changed(known, { externalId: input.id, name });
  });
  const gone = [...new Set(wish.removed.groups)].map((id) => state.groups.get(id)).filter((one) => one !== undefined);
  return [...wanted, ...gone.map((before) => ({ before, after: null }))];
}

const membershipKey = ({ groupId, memberId }: MembershipRecord): string => JSON.stringify([groupId, memberId]);

function planMemberships(state: State, wish: Wish, known: Known): Difference<MembershipRecord>[] {
  const before = new Map(state.memberships.map((one) => [membershipKey(one), one]));
  const after = new Map<string, MembershipRecord>();
  for (const [index, { id: groupId, memberIds }] of wish.groups.entries()) {
    for (const [at, memberId] of (memberIds ?? []).entries()) {
      known.member(`groups[${index}].memberIds[${at}]`, memberId);
      after.set(membershipKey({ groupId, memberId }), { groupId, memberId });
    }
  }
  const restated = new Set(wish.addsMembers ? [] : wish.groups.filter((one) => one.memberIds).map((one) => one.id));
  const [groups, members] = [new Set(wish.removed.groups), new Set(wish.removed.members)];
  const goes = (one: MembershipRecord) =>
    groups.has(one.groupId) ||
    members.has(one.memberId) ||
    (restated.has(one.groupId) && !after.has(membershipKey(one)));
  return [
    ...[...after].filter(([key]) => !before.has(key)).map(([, one]) => ({ before: null, after: one })),
    ...[...before.values()].filter(goes).map((one) => ({ before: one, after: null })),
  ];
}

interface Places {
  readonly differences: readonly Difference<PlaceRecord>[];
  /** Directories that lose their grants. */
  readonly cleared: ReadonlySet<string>;
}

function planDirectories(state: State, wish: Wish): Places {
  const after = new Map<string, PlaceRecord>();
  for (const { id, name, kind, parentId } of wish.directories) {
    const known = state.directories.get(id);
    const parent = parentId === undefined ? (known?.parentId ?? null) : parentId;
    const usual = parent === null ? 'VAULT' : 'FOLDER';
    after.set(id, {
      externalId: id,
      kind: kind ?? known?.kind ?? usual,
      name: name ?? known?.name ?? null,
      parentId: parent,
    });
  }
  const today = new Map([...state.directories, ...after]);
  for (const [index, { id }] of wish.directories.entries()) {
    const { parentId } = present(after.get(id), id);
    if (parentId === null || today.has(parentId)) continue;
    throw badInput(`directories[${index}].parentId`, `there is no directory ${JSON.stringify(parentId)}.`);
  }
  checkTree(today, wish.directories);
  const below = subtrees(today, wish.removed.directories);
  const granted = new Set(state.grants.map((grant) => grant.directoryId));
  const gone = [...below].filter(([id, under]) => today.get(id)?.parentId !== null || !under.isDisjointFrom(granted));
  return {
    differences: [
      ...[...after.values()].flatMap((one) => changed(state.directories.get(one.externalId) ?? null, one)),
      ...gone.map(([id]) => ({ before: present(today.get(id), id), after: null })),
    ],
    cleared: new Set([...below.values()].flatMap((under) => [...under])).difference(new Set(after.keys())),
  };
}

function planGrants(state: State, wish: Wish, known: Known, cleared: Places['cleared']): Difference<GrantRecord>[] {
  const before = new Map(state.grants.map((one) => [grantKey(one), one]));
  const wanted = wish.grants.flatMap((grant, index) => {
    const { directoryId, memberId = null, groupId = null, level } = grant;
    known.directory(`grants[${index}].directoryId`, directoryId);
    if (memberId !== null) known.member(`grants[${index}].memberId`, memberId);
    if (groupId !== null) known.group(`grants[${index}].groupId`, groupId);
    return changed(before.get(grantKey(grant)) ?? null, { directoryId, memberId, groupId, level });
  });
  const named = new Set(wish.removed.grants.map((grant: GrantKey) => grantKey(grant)));
  const [groups, members] = [new Set(wish.removed.groups), new Set(wish.removed.members)];
  const goes = ([key, one]: readonly [string, GrantRecord]) =>
    named.has(key) ||
    cleared.has(one.directoryId) ||
    (one.memberId !== null && members.has(one.memberId)) ||
    (one.groupId !== null && groups.has(one.groupId));
  return [...wanted, ...[...before].filter(goes).map(([, one]) => ({ before: one, after: null }))];
}

type Known = Readonly<Record<'member' | 'group' | 'directory', (path: string, id: string) => void>>;

/** References may lead to what is there or stands in the same request. */
function knownIn(state: State, wish: Wish): Known {
  const inWish = {
    member: new Set(wish.members.map((one) => one.id)),
    group: new Set(wish.groups.map((one) => one.id)),
    directory: new Set(wish.directories.map((one) => one.id)),
  };
  const removed = { member: new Set(wish.removed.members), group: new Set(wish.removed.groups), directory: new Set() };
  const inState = {
    member: (id: string) => isThere(state.members.get(id)),
    group: (id: string) => state.groups.has(id),
    directory: (id: string) => state.directories.has(id),
  };
  const check = (what: keyof Known) => (path: string, id: string) => {
    if (inWish[what].has(id) || (inState[what](id) && !removed[what].has(id))) return;
    throw badInput(path, `there is no ${what} ${JSON.stringify(id)}.`);
  };
  return { member: check('member'), group: check('group'), directory: check('directory') };
}

/** Throws BAD_INPUT with the path of a reference that leads nowhere, of a missing name, or of a move that makes a ring. */
export function planOf(state: State, asked: Wish): Plan {
  const wish = withWhatGoes(state, asked);
  const known = knownIn(state, wish);
  const members = planMembers(state, wish);
  const groups = planGroups(state, wish);
  const memberships = planMemberships(state, wish, known);
  const { differences: directories, cleared } = planDirectories(state, wish);
  return { members, groups, memberships, directories, grants: planGrants(state, wish, known, cleared) };
}

export const isEmpty = (plan: Plan): boolean => Object.values(plan).every((list) => list.length === 0);
