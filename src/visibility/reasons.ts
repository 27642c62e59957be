/** Why somebody sees an entry. The decision itself is the one rule of the model; reasons only name what it rests on. */
import type { Entry } from '../model/entry.ts';
import { matches } from '../model/predicate.ts';
import { type AccessLevel, type Role, reaches, visibilityPredicate } from '../model/role.ts';
import type { StoredGroup, StoredMemberGrant } from '../store/store.ts';

export type AccessReason =
  | { readonly rule: 'SEES_ALL' }
  | {
      readonly rule: 'GRANTED';
      /** Where the grant stands: on the entry’s directory, or above it. */
      readonly directory: number;
      readonly inherited: boolean;
      readonly level: AccessLevel;
      /** Whom it was given to; null for the member itself. */
      readonly group: StoredGroup | null;
    }
  | { readonly rule: 'ACTOR' | 'AFFECTED_USER' };

/** CATEGORY: its role does not see the category of the entry. PERMISSION: its role may not read at all. */
export type Obstacle = 'CATEGORY' | 'PERMISSION';

/** Somebody whom the rule lets see an entry, or would let but for the obstacle. */
export interface AccessHolder {
  readonly kind: 'MEMBER' | 'TOKEN';
  /** The member’s external id, or the token’s id. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** At least one. */
  readonly reasons: readonly AccessReason[];
  readonly obstacle: Obstacle | null;
}

/** For each member, of itself and of each of its groups the grant that counts: the nearest along `path`. */
export function nearestGrants(
  path: readonly number[],
  grants: readonly StoredMemberGrant[],
): Map<number, readonly StoredMemberGrant[]> {
  const depths = new Map(path.map((directory, depth) => [directory, depth]));
  const depthOf = ({ directory }: StoredMemberGrant) => depths.get(directory) ?? Number.POSITIVE_INFINITY;
  const found = new Map<number, Map<number | null, StoredMemberGrant>>();
  for (const grant of grants) {
    const subjects = found.get(grant.member) ?? new Map<number | null, StoredMemberGrant>();
    const known = subjects.get(grant.group);
    if (known === undefined || depthOf(grant) < depthOf(known)) subjects.set(grant.group, grant);
    found.set(grant.member, subjects);
  }
  return new Map([...found].map(([member, subjects]) => [member, [...subjects.values()]]));
}

export interface Claim {
  readonly role: Role;
  /** Numbers of the actions of the role’s categories. */
  readonly actions: ReadonlySet<number>;
  /** Null for a token. */
  readonly actor: number | null;
  /** What counts of its grants at the entry’s directory. */
  readonly grants: readonly StoredMemberGrant[];
  readonly groups: ReadonlyMap<number, StoredGroup>;
}

/** Why the claim shows the entry, and what keeps it from being seen all the same; null when nothing shows it. */
export function judge(entry: Entry, claim: Claim): Pick<AccessHolder, 'reasons' | 'obstacle'> | null {
  const { role, actions, actor } = claim;
  const rule = role.visibility;
  const enough = claim.grants.filter(({ level }) => reaches(level, rule.minimumAccessLevel));
  const directories = new Set(entry.directory !== null && enough.length > 0 ? [entry.directory] : []);
  const facts = { actor, directories, actions };
  if (!matches(visibilityPredicate({ ...rule, categories: null }, facts), entry)) return null;
  const inCategory = matches(visibilityPredicate(rule, facts), entry);
  const obstacle = !inCategory ? 'CATEGORY' : role.permissions.has('READ') ? null : 'PERMISSION';

  const reasons: AccessReason[] = [];
  if (rule.scope === 'ALL') reasons.push({ rule: 'SEES_ALL' });
  if (rule.scope === 'GRANTED' && entry.directory !== null) {
    for (const { directory, level, group } of enough) {
      const through = group === null ? null : (claim.groups.get(group) ?? null);
      reasons.push({ rule: 'GRANTED', directory, inherited: directory !== entry.directory, level, group: through });
    }
  }
  if (rule.ownActivity && actor !== null) {
    if (entry.actor === actor) reasons.push({ rule: 'ACTOR' });
    if (entry.affectedUser === actor) reasons.push({ rule: 'AFFECTED_USER' });
  }
  return { reasons, obstacle };
}
