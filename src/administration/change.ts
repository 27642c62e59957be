/** Carries a wish out: reads what is, plans, checks, writes; all in one transaction with the rights version. */
import { AnnalsError } from '../errors.ts';
import type { GuardedOperation } from '../model/guard.ts';
import { builtInRoles, type Role, roleFrom } from '../model/role.ts';
import type { AdministrationStatements } from '../store/store.ts';
import {
  type ChangeCount,
  type ChangedThing,
  changedThings,
  changeKinds,
  countsOf,
  entryOf,
  syncEntry,
} from './changes.ts';
import { badInput } from './checks.ts';
import { checkPlan, checkWhatIsStated, type RoleOf } from './escalation.ts';
import { ownersChanged } from './guards/owners.ts';
import type { PendingChange } from './guards/pending.ts';
import { isEmpty, type Plan, planOf, type State } from './plan.ts';
import type { Prepared } from './step.ts';
import { subtrees } from './tree.ts';
import type { Wish } from './wish.ts';

/** What changed, or would. */
export interface ChangeReport {
  /** One for each kind, also where nothing of it changed. */
  readonly counts: readonly ChangeCount[];
  /** Everything that changed, up to so many. */
  things(most: number): readonly ChangedThing[];
  readonly isEmpty: boolean;
  /** What waits, where the organization guards this: then nothing has changed. */
  readonly pending: PendingChange | null;
  /** Of a dry run: the operation for which the real run would be held back. */
  readonly guardedBy: GuardedOperation | null;
}

export interface ChangeOptions {
  readonly organization: number;
  /** Of whoever asks; null is the operator, who may do everything. */
  readonly role: Role | null;
  readonly now: number;
}

type Statements = AdministrationStatements;
const byId = <T extends { readonly externalId: string }>(rows: readonly T[]) =>
  new Map(rows.map((row) => [row.externalId, row]));
const idsOf = (rows: readonly { readonly id: string }[]) => rows.map((row) => row.id);
const given = (ids: readonly (string | null | undefined)[]) => ids.filter((id) => typeof id === 'string');

async function wholeState(statements: Statements, organization: number): Promise<State> {
  return {
    members: byId(await statements.readMembers(organization, null)),
    groups: byId(await statements.readGroups(organization, null)),
    memberships: await statements.readMemberships(organization, { groups: null, members: null }),
    directories: byId(await statements.readPlaces(organization, null)),
    grants: await statements.readGrants(organization, { directories: null, members: null, groups: null }),
  };
}

/** What the wish touches and names. Whether a move makes a ring is a question about the whole tree. */
async function stateFor(statements: Statements, organization: number, wish: Wish): Promise<State> {
  if (wish.complete) return wholeState(statements, organization);
  const { members, groups, directories, grants, removed } = wish;
  const granted = [...grants, ...removed.grants];
  const memberIds = given([
    ...idsOf(members),
    ...removed.members,
    ...groups.flatMap((group) => group.memberIds ?? []),
    ...granted.map((grant) => grant.memberId),
  ]);
  const groupIds = given([...idsOf(groups), ...removed.groups, ...granted.map((grant) => grant.groupId)]);
  const tree = directories.length > 0 || removed.directories.length > 0;
  const placed = granted.map((grant) => grant.directoryId);
  const places = byId(await statements.readPlaces(organization, tree ? null : placed));
  const cleared = [...subtrees(places, removed.directories).values()].flatMap((under) => [...under]);
  return {
    members: byId(await statements.readMembers(organization, memberIds)),
    groups: byId(await statements.readGroups(organization, groupIds)),
    memberships: await statements.readMemberships(organization, {
      groups: [...idsOf(groups), ...removed.groups],
      members: removed.members,
    }),
    directories: places,
    grants: await statements.readGrants(organization, {
      directories: [...placed, ...cleared],
      members: removed.members,
      groups: removed.groups,
    }),
  };
}

const after = <T>(list: readonly { readonly after: T | null }[]): T[] =>
  list.map((one) => one.after).filter((one) => one !== null);
const gone = <T>(list: readonly { readonly before: T | null; readonly after: unknown }[]): T[] =>
  list.flatMap((one) => (one.after === null && one.before !== null ? [one.before] : []));

async function unlessEmpty<T>(rows: readonly T[], write: (rows: readonly T[]) => Promise<void>): Promise<void> {
  if (rows.length > 0) await write(rows);
}

/** In one order for everybody: people before places, places before grants; the head last. */
async function write(statements: Statements, organization: number, plan: Plan, now: number): Promise<void> {
  const removed = gone(plan.members).map((one) => ({ ...one, role: null, status: 'REMOVED' as const }));
  const cut = gone(plan.directories).map((one) => ({ ...one, parentId: null }));
  await unlessEmpty([...after(plan.members), ...removed], (rows) => statements.writeMembers(organization, rows));
  await unlessEmpty(removed, (rows) =>
    statements.revokeTokensOf(
      organization,
      rows.map((one) => one.externalId),
      now,
    ),
  );
  await unlessEmpty(removed, () => statements.deleteLostViews(organization));
  await unlessEmpty(after(plan.groups), (rows) => statements.writeGroups(organization, rows));
  await unlessEmpty(gone(plan.memberships), (rows) => statements.deleteMemberships(organization, rows));
  await unlessEmpty(after(plan.memberships), (rows) => statements.addMemberships(organization, rows));
  await unlessEmpty([...after(plan.directories), ...cut], (rows) => statements.writePlaces(organization, rows));
  await unlessEmpty(gone(plan.grants), (rows) => statements.deleteGrants(organization, rows));
  await unlessEmpty(after(plan.grants), (rows) => statements.writeGrants(organization, rows));
  await unlessEmpty(gone(plan.groups), (rows) =>
    statements.deleteGroups(
      organization,
      rows.map((one) => one.externalId),
    ),
  );
  await statements.raiseRights(organization);
}

const isOwner = (member: { readonly role: string | null; readonly status: string } | null): boolean =>
  member?.role === 'OWNER' && member.status === 'ACTIVE';

async function checkOwners(statements: Statements, organization: number, { members }: Plan): Promise<void> {
  const lost = members.filter((one) => isOwner(one.before) && !isOwner(one.after));
  if (lost.length === 0) return;
  const gained = members.filter((one) => !isOwner(one.before) && isOwner(one.after));
  if ((await statements.countOwners(organization)) - lost.length + gained.length > 0) return;
  const ids = lost.map((one) => JSON.stringify(one.before?.externalId)).join(', ');
  throw new AnnalsError('LAST_OWNER', { message: `Without ${ids} the organization would have no active owner.` });
}

/** The roles of an organization by key, built-in ones included. */
export async function rolesOf(
  statements: Pick<Statements, 'readRoles'>,
  organization: number,
): Promise<ReadonlyMap<string, Role>> {
  const own = (await statements.readRoles(organization)).map(roleFrom);
  return new Map([...builtInRoles, ...own].map((role) => [role.key, role]));
}

export function unknownRole(path: string, key: string, roles: ReadonlyMap<string, Role>): AnnalsError {
  return badInput(path, `there is no role ${JSON.stringify(key)}.`, `Use one of ${[...roles.keys()].join(', ')}.`);
}

async function checkRoles(statements: Statements, organization: number, wish: Wish): Promise<RoleOf> {
  const roles = await rolesOf(statements, organization);
  for (const [index, { role }] of wish.members.entries()) {
    if (typeof role === 'string' && !roles.has(role)) throw unknownRole(`members[${index}].role`, role, roles);
  }
  return (key) => (key === null ? undefined : roles.get(key));
}

function reportOf(plan: Plan, state: State, wish: Wish): ChangeReport {
  return {
    counts: countsOf(plan),
    things: (most) => [...changedThings(plan, state, wish).take(most)],
    isEmpty: isEmpty(plan),
    pending: null,
    guardedBy: null,
  };
}

/** The report of what was held back: nothing has changed. */
export const heldReport = (pending: PendingChange): ChangeReport => ({
  counts: changeKinds.map((kind) => ({ kind, created: 0, changed: 0, removed: 0 })),
  things: () => [],
  isEmpty: true,
  pending,
  guardedBy: null,
});

export interface PreparedWish extends Prepared {
  readonly report: ChangeReport;
}

/**
 * Reads what is and plans what a wish that `checkWish` has passed changes, inside a transaction that holds
 * `lockOrganization`. Errors: BAD_INPUT, LAST_OWNER, ESCALATION.
 */
export async function prepareWish(statements: Statements, wish: Wish, options: ChangeOptions): Promise<PreparedWish> {
  const { organization, role, now } = options;
  if (role !== null) checkWhatIsStated(wish, role);
  const state = await stateFor(statements, organization, wish);
  const roleOf = await checkRoles(statements, organization, wish);
  const plan = planOf(state, wish);
  if (role !== null) checkPlan(plan, role, roleOf);
  await checkOwners(statements, organization, plan);
  const report = reportOf(plan, state, wish);
  return {
    report,
    changes() {
      const entries = report.things(Number.POSITIVE_INFINITY).map(entryOf);
      return wish.complete && !report.isEmpty ? [...entries, syncEntry(report.counts)] : entries;
    },
    guarded: ownersChanged(plan, wish, report),
    write: () => write(statements, organization, plan, now),
  };
}

/** Carries a wish out at once; what changes nothing writes nothing. Errors: those of `prepareWish`. */
export async function carryOut(statements: Statements, wish: Wish, options: ChangeOptions): Promise<ChangeReport> {
  const { report, write: carry } = await prepareWish(statements, wish, options);
  if (!report.isEmpty) await carry();
  return report;
}
