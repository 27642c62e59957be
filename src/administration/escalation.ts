/**
 * Nobody gives more than it has: docs/administration.md has the rule in words. `by` is the role of whoever asks.
 */
import { AnnalsError } from '../errors.ts';
import { type Role, reaches, type VisibilityRule } from '../model/role.ts';
import type { MemberRecord } from '../store/store.ts';
import type { Difference, Plan } from './plan.ts';
import type { Wish } from './wish.ts';

const seesNothing = ({ scope, ownActivity }: VisibilityRule): boolean => scope === 'NONE' && !ownActivity;

function seesNoMore({ visibility: rule, hiddenFields }: Role, by: Role): boolean {
  if (seesNothing(rule)) return true;
  const own = by.visibility;
  const scopes =
    own.scope === 'ALL' ||
    rule.scope === 'NONE' ||
    (rule.scope === 'GRANTED' && own.scope === 'GRANTED' && reaches(rule.minimumAccessLevel, own.minimumAccessLevel));
  const activity = !rule.ownActivity || own.ownActivity || own.scope === 'ALL';
  const categories =
    own.categories === null ||
    (rule.categories !== null && new Set(rule.categories).isSubsetOf(new Set(own.categories)));
  return scopes && activity && categories && by.hiddenFields.isSubsetOf(hiddenFields);
}

/** Whether the role permits and shows nothing that the other does not. Nothing but OWNER reaches OWNER. */
export function isWithin(role: Role, by: Role): boolean {
  if (role.key === 'OWNER' || by.key === 'OWNER') return by.key === 'OWNER';
  return role.permissions.isSubsetOf(by.permissions) && seesNoMore(role, by);
}

/** Whether who sees what is no secret to the role: only then may it decide about it. */
export const decidesWhoSees = ({ visibility: { scope, categories } }: Role): boolean =>
  scope === 'ALL' && categories === null;

function refuse(message: string): never {
  throw new AnnalsError('ESCALATION', { message });
}

const undecided = (by: Role, what: string): never =>
  refuse(`Your role ${by.key} does not see the whole log, so it cannot change ${what}: they decide who sees what.`);

/**
 * Throws ESCALATION where the wish states directories or grants, and the caller does not decide who sees what. Before anything is
 * looked up: whether a directory is there, and what it is called, may be known from entries that the caller does not see.
 */
export function checkWhatIsStated({ directories, grants, removed, complete }: Wish, by: Role): void {
  if (decidesWhoSees(by)) return;
  if (complete || directories.length > 0 || removed.directories.length > 0) undecided(by, 'directories');
  if (grants.length > 0) undecided(by, 'grants');
}

/** Throws ESCALATION unless the role is within the caller’s own. */
export function checkWithin(role: Role, by: Role, what: string): void {
  if (isWithin(role, by)) return;
  refuse(`${what}: the role ${role.key} may do or see more than your role ${by.key}.`);
}

/**
 * Throws ESCALATION unless the caller may let somebody else mint tokens with these roles. Whoever mints chooses the person
 * and the directories, so that a role which sees any part of the log may see all parts: only who sees all may give it away.
 */
export function checkIssuer(roles: readonly Role[], storedMembers: boolean, by: Role): void {
  for (const role of roles) checkWithin(role, by, 'You cannot let an issuer give this role');
  if (by.visibility.scope === 'ALL') return;
  if (storedMembers)
    refuse(`Your role ${by.key} does not see the whole log, so it cannot let an issuer name stored members.`);
  if (roles.every((role) => seesNothing(role.visibility))) return;
  refuse(
    `Your role ${by.key} does not see the whole log, so it cannot let an issuer give roles that see any of it: the issuer says whose rights, and on which directories.`,
  );
}

function checkMember({ before, after }: Difference<MemberRecord>, by: Role, roleOf: RoleOf): void {
  const id = JSON.stringify((after ?? before)?.externalId);
  const sameRole = before?.role === after?.role;
  if (sameRole && before?.status === after?.status) return;
  const taken = roleOf(before?.role ?? null);
  const given = roleOf(after?.role ?? null);
  if (taken !== undefined) checkWithin(taken, by, `You cannot change the role or status of the member ${id}`);
  if (given !== undefined) checkWithin(given, by, `You cannot give the member ${id} this role`);
}

export type RoleOf = (key: string | null) => Role | undefined;

/** Throws ESCALATION where the plan gives or takes away what the caller does not have. */
export function checkPlan(plan: Plan, by: Role, roleOf: RoleOf): void {
  for (const difference of plan.members) checkMember(difference, by, roleOf);
  if (decidesWhoSees(by)) return;
  const lists = {
    groups: plan.groups,
    memberships: plan.memberships,
    directories: plan.directories,
    grants: plan.grants,
  };
  for (const [what, list] of Object.entries(lists)) {
    if (list.length > 0) undecided(by, what);
  }
}
