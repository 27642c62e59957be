/** What a plan changes, in words: for the answer of a mutation, and for the log. */
import type { Change, EntryInput, Json } from '../model/entry.ts';
import type { Difference, Plan, State } from './plan.ts';
import type { Wish } from './wish.ts';

export const changeKinds = ['MEMBER', 'GROUP', 'MEMBERSHIP', 'DIRECTORY', 'GRANT'] as const;
export type ChangeKind = (typeof changeKinds)[number];
export const changeOperations = ['CREATED', 'CHANGED', 'REMOVED'] as const;
export type ChangeOperation = (typeof changeOperations)[number];

/** By the product’s own id, with the newest name. */
export interface Named {
  readonly id: string;
  readonly name: string | null;
}

/** One thing that changed: those of its parts that identify it are not null. */
export interface ChangedThing {
  readonly kind: ChangeKind;
  readonly operation: ChangeOperation;
  readonly member: Named | null;
  readonly group: Named | null;
  readonly directory: Named | null;
  /** Addresses are not repeated: that one changed is all that is said. */
  readonly changes: readonly Change[];
}

/** How many things of one kind were, or would be, created, changed and removed. */
export interface ChangeCount {
  readonly kind: ChangeKind;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
}

/** An entry of Annals’ own catalogue, as far as the change determines it; who did it is not in it. */
export type AdministrationChange = Pick<EntryInput, 'action' | 'affectedUser' | 'targets' | 'directory' | 'changes'> & {
  readonly metadata?: { readonly [key: string]: Json };
};

const operationOf = ({ before, after }: Difference<unknown>): ChangeOperation => {
  if (before === null) return 'CREATED';
  return after === null ? 'REMOVED' : 'CHANGED';
};

/** The fields that differ. Of what is removed nothing is said, it is all gone. */
export function fieldChanges(before: object | null, after: object | null, fields: readonly string[]): Change[] {
  if (after === null) return [];
  const text = (from: object | null, field: string) => {
    const value: unknown = from === null ? null : Reflect.get(from, field);
    return value === null || value === undefined ? null : String(value);
  };
  return fields.flatMap((field) => {
    const [old, now] = [text(before, field), text(after, field)];
    if (old === now) return [];
    return [field === 'email' ? { field, before: null, after: null } : { field, before: old, after: now }];
  });
}

const fieldsOf: Readonly<Record<ChangeKind, readonly string[]>> = {
  MEMBER: ['name', 'email', 'role', 'status'],
  GROUP: ['name'],
  MEMBERSHIP: [],
  DIRECTORY: ['name', 'kind', 'parentId'],
  GRANT: ['level'],
};

/** Today’s names of what a plan speaks of. */
function namesIn(state: State, wish: Wish) {
  const lookUp = (
    known: ReadonlyMap<string, { readonly name: string | null }>,
    wanted: readonly { readonly id: string; readonly name?: string | null | undefined }[],
  ) => {
    const names = new Map(wanted.map(({ id, name }) => [id, name]));
    return (id: string | null): Named | null =>
      id === null ? null : { id, name: names.get(id) ?? known.get(id)?.name ?? null };
  };
  return {
    member: lookUp(state.members, wish.members),
    group: lookUp(state.groups, wish.groups),
    directory: lookUp(state.directories, wish.directories),
  };
}

/** Everything that a plan changes, in the order of the kinds. */
export function* changedThings(plan: Plan, state: State, wish: Wish): Generator<ChangedThing> {
  const names = namesIn(state, wish);
  const thing = (kind: ChangeKind, difference: Difference<object>, parts: Partial<ChangedThing>): ChangedThing => ({
    kind,
    operation: operationOf(difference),
    member: null,
    group: null,
    directory: null,
    changes: fieldChanges(difference.before, difference.after, fieldsOf[kind]),
    ...parts,
  });
  for (const one of plan.members) {
    yield thing('MEMBER', one, { member: names.member((one.after ?? one.before)?.externalId ?? null) });
  }
  for (const one of plan.groups) {
    yield thing('GROUP', one, { group: names.group((one.after ?? one.before)?.externalId ?? null) });
  }
  for (const one of plan.memberships) {
    const row = one.after ?? one.before;
    const parts = { member: names.member(row?.memberId ?? null), group: names.group(row?.groupId ?? null) };
    yield thing('MEMBERSHIP', one, parts);
  }
  for (const one of plan.directories) {
    yield thing('DIRECTORY', one, { directory: names.directory((one.after ?? one.before)?.externalId ?? null) });
  }
  for (const one of plan.grants) {
    const row = one.after ?? one.before;
    yield thing('GRANT', one, {
      member: names.member(row?.memberId ?? null),
      group: names.group(row?.groupId ?? null),
      directory: names.directory(row?.directoryId ?? null),
    });
  }
}

export function countsOf(plan: Plan): ChangeCount[] {
  const count = (kind: ChangeKind, list: readonly Difference<unknown>[]): ChangeCount => {
    const of = (operation: ChangeOperation) => list.filter((one) => operationOf(one) === operation).length;
    return { kind, created: of('CREATED'), changed: of('CHANGED'), removed: of('REMOVED') };
  };
  return [
    count('MEMBER', plan.members),
    count('GROUP', plan.groups),
    count('MEMBERSHIP', plan.memberships),
    count('DIRECTORY', plan.directories),
    count('GRANT', plan.grants),
  ];
}

const codes: Readonly<Record<ChangeKind, Readonly<Record<ChangeOperation, string>>>> = {
  MEMBER: { CREATED: 'member_added', CHANGED: 'member_changed', REMOVED: 'member_removed' },
  GROUP: { CREATED: 'group_created', CHANGED: 'group_changed', REMOVED: 'group_deleted' },
  MEMBERSHIP: {
    CREATED: 'group_member_added',
    CHANGED: 'group_member_added',
    REMOVED: 'group_member_removed',
  },
  DIRECTORY: { CREATED: 'directory_created', CHANGED: 'directory_changed', REMOVED: 'directory_deleted' },
  GRANT: { CREATED: 'grant_given', CHANGED: 'grant_changed', REMOVED: 'grant_revoked' },
};

function codeOf({ kind, operation, changes }: ChangedThing): string {
  const touches = (field: string) => operation === 'CHANGED' && changes.some((change) => change.field === field);
  if (touches('role')) return 'member_role_changed';
  if (touches('parentId')) return 'directory_moved';
  return codes[kind][operation];
}

/** The entry that tells of the change. */
export function entryOf(thing: ChangedThing): AdministrationChange {
  const { member, group, directory, changes } = thing;
  return {
    action: `annals.${codeOf(thing)}`,
    ...(member === null ? {} : { affectedUser: member }),
    ...(group === null ? {} : { targets: [{ type: 'group', ...group }] }),
    ...(directory === null ? {} : { directory }),
    ...(changes.length === 0 ? {} : { changes }),
  };
}

/** The entry that closes a full synchronization, with the counts of what it did. */
export function syncEntry(counts: readonly ChangeCount[]): AdministrationChange {
  const changes = counts.flatMap(({ kind, created, changed, removed }) =>
    Object.entries({ created, changed, removed })
      .filter(([, count]) => count > 0)
      .map(([what, count]) => ({ field: `${kind.toLowerCase()}.${what}`, before: null, after: String(count) })),
  );
  return { action: 'annals.full_sync_completed', changes };
}
