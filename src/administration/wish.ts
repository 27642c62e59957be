/** What a request asks for, by the product’s own ids, and whether it can be said at all. References are judged by `plan`. */
import { AnnalsError } from '../errors.ts';
import { type AccessLevel, accessLevels } from '../model/role.ts';
import { badInput, checkText } from './checks.ts';

/** Left out or undefined means: as it is; of someone new, the default. */
export interface MemberInput {
  readonly id: string;
  /** Needed of someone new. */
  readonly name?: string | null | undefined;
  /** Null: none. */
  readonly email?: string | null | undefined;
  /** Key of a role; null may do and see nothing. */
  readonly role?: string | null | undefined;
  /** By default ACTIVE of someone new or removed before. */
  readonly status?: 'ACTIVE' | 'SUSPENDED' | null | undefined;
}

export interface GroupInput {
  readonly id: string;
  readonly name?: string | null | undefined;
  /** Its members, all of them. */
  readonly memberIds?: readonly string[] | null | undefined;
}

export interface DirectoryInput {
  readonly id: string;
  readonly name?: string | null | undefined;
  /** By default a vault at the top and a folder below. */
  readonly kind?: 'VAULT' | 'FOLDER' | null | undefined;
  /** The directory above, in the organization or in the same list; null at the top. */
  readonly parentId?: string | null | undefined;
}

/** Exactly one of `memberId` and `groupId`. */
export interface GrantKey {
  readonly directoryId: string;
  readonly memberId?: string | null | undefined;
  readonly groupId?: string | null | undefined;
}

export interface GrantInput extends GrantKey {
  readonly level: AccessLevel;
}

/** A whole organization. */
export interface WorldInput {
  readonly members: readonly MemberInput[];
  readonly groups: readonly GroupInput[];
  readonly directories: readonly DirectoryInput[];
  readonly grants: readonly GrantInput[];
}

export interface Wish extends WorldInput {
  /** Unknown ones are gone already. */
  readonly removed: {
    readonly members: readonly string[];
    readonly groups: readonly string[];
    readonly directories: readonly string[];
    readonly grants: readonly GrantKey[];
  };
  /** Whether whatever is not listed goes. */
  readonly complete: boolean;
  /** Whether members of a group that are not listed stay in it. */
  readonly addsMembers: boolean;
}

/** A wish for nothing, to be extended. */
export const noWish: Wish = {
  members: [],
  groups: [],
  directories: [],
  grants: [],
  removed: { members: [], groups: [], directories: [], grants: [] },
  complete: false,
  addsMembers: false,
};

/** Most rows of one list. */
export const mostRows = 50_000;

function checkCount(path: string, list: readonly unknown[]): void {
  if (list.length <= mostRows) return;
  throw badInput(path, `has ${list.length} rows; at most ${mostRows} are accepted.`, 'Send them in several requests.');
}

/** Names who has the grant; two grants with the same key are one. */
export function grantKey({ directoryId, memberId, groupId }: GrantKey): string {
  return JSON.stringify([directoryId, memberId ?? null, groupId ?? null]);
}

/** Calls back with each row and its path; refuses a row whose key stood in the list before. */
function each<T>(list: string, rows: readonly T[], keyOf: (row: T) => string, check: (path: string, row: T) => void) {
  checkCount(list, rows);
  const keys = new Set<string>();
  for (const [index, row] of rows.entries()) {
    const path = `${list}[${index}]`;
    check(path, row);
    const key = keyOf(row);
    if (keys.has(key)) throw badInput(path, 'the same stands in the list twice.');
    keys.add(key);
  }
}

function checkName(path: string, name: string | null | undefined): void {
  if (name !== null && name !== undefined) checkText(`${path}.name`, name, 'name');
}

function checkGrantKey(path: string, { directoryId, memberId, groupId }: GrantKey): void {
  checkText(`${path}.directoryId`, directoryId, 'id');
  if (typeof memberId === typeof groupId) {
    throw badInput(path, 'names both a member and a group, or neither.', 'Give either memberId or groupId.');
  }
  if (typeof memberId === 'string') checkText(`${path}.memberId`, memberId, 'id');
  if (typeof groupId === 'string') checkText(`${path}.groupId`, groupId, 'id');
}

function checkMember(path: string, { id, name, email, status }: MemberInput): void {
  checkText(`${path}.id`, id, 'id');
  checkName(path, name);
  if (typeof email === 'string') checkText(`${path}.email`, email, 'email');
  if (status === null || status === undefined || status === 'ACTIVE' || status === 'SUSPENDED') return;
  throw badInput(`${path}.status`, 'must be ACTIVE or SUSPENDED.', 'To remove a member, use removeMembers.');
}

/** Throws BAD_INPUT with the path of the first mistake that can be seen without the database. */
export function checkWish({ members, groups, directories, grants, removed }: Wish): void {
  each('members', members, ({ id }) => id, checkMember);
  each(
    'groups',
    groups,
    ({ id }) => id,
    (path, { id, name, memberIds }) => {
      checkText(`${path}.id`, id, 'id');
      checkName(path, name);
      checkCount(`${path}.memberIds`, memberIds ?? []);
      for (const [at, member] of (memberIds ?? []).entries()) checkText(`${path}.memberIds[${at}]`, member, 'id');
    },
  );
  each(
    'directories',
    directories,
    ({ id }) => id,
    (path, { id, name, parentId }) => {
      checkText(`${path}.id`, id, 'id');
      checkName(path, name);
      if (typeof parentId === 'string') checkText(`${path}.parentId`, parentId, 'id');
    },
  );
  each('grants', grants, grantKey, (path, grant) => {
    checkGrantKey(path, grant);
    if (!accessLevels.includes(grant.level)) {
      throw badInput(`${path}.level`, `must be one of ${accessLevels.join(', ')}.`);
    }
  });
  for (const ids of [removed.members, removed.groups, removed.directories]) {
    checkCount('ids', ids);
    for (const [index, id] of ids.entries()) checkText(`ids[${index}]`, id, 'id');
  }
  checkCount('grants', removed.grants);
  for (const [index, key] of removed.grants.entries()) checkGrantKey(`grants[${index}]`, key);
}

/** One that the code itself relies on; a failure is a bug. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new AnnalsError('INTERNAL', { cause: new Error(`no ${what}`) });
  return value;
}
