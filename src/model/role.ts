/** Roles: what a principal may do, and the rule of what it may see. */
import { always, both, never, type Predicate } from './predicate.ts';

export const permissions = [
  'RECORD',
  'READ',
  'EXPORT',
  'READ_PROOFS',
  'MANAGE_MEMBERS',
  'MANAGE_ROLES',
  'MANAGE_TOKENS',
  'MANAGE_SINKS',
  'MANAGE_RETENTION',
  'ERASE',
  'MANAGE_ORGANIZATION',
] as const;
export type Permission = (typeof permissions)[number];

/** From weak to strong; a level includes the weaker ones. */
export const accessLevels = ['READ', 'EDIT', 'FULL_ACCESS', 'ADMINISTRATOR'] as const;
export type AccessLevel = (typeof accessLevels)[number];

export const reaches = (level: AccessLevel, minimum: AccessLevel): boolean =>
  accessLevels.indexOf(level) >= accessLevels.indexOf(minimum);

/** What of an entry a role may be kept from: then it can be neither read nor filtered, searched, grouped or ordered by. */
export const hideableFields = [
  'EMAIL',
  'IP',
  'USER_AGENT',
  'DEVICE',
  'SESSION',
  'REQUEST',
  'LOCATION',
  'COMPONENT',
  'TARGETS',
  'CHANGES',
  'METADATA',
] as const;
export type HideableField = (typeof hideableFields)[number];

export interface VisibilityRule {
  /** Keys of the categories this role sees; null is all. */
  readonly categories: readonly string[] | null;
  /** ALL: everything. GRANTED: in or under directories with at least `minimumAccessLevel`. NONE: no directory. */
  readonly scope: 'ALL' | 'GRANTED' | 'NONE';
  readonly minimumAccessLevel: AccessLevel;
  /** Also what the principal did and what was done to it. */
  readonly ownActivity: boolean;
}

export interface Role {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly visibility: VisibilityRule;
  readonly hiddenFields: ReadonlySet<HideableField>;
}

const sees = (scope: VisibilityRule['scope'], ownActivity = false): VisibilityRule => ({
  categories: null,
  scope,
  minimumAccessLevel: 'ADMINISTRATOR',
  ownActivity,
});

const builtIn = (
  key: string,
  name: string,
  description: string,
  may: readonly Permission[],
  visibility: VisibilityRule,
): Role => ({
  key,
  name,
  description,
  permissions: new Set(may),
  visibility,
  hiddenFields: new Set(),
});

/** The roles that every organization has. */
export const builtInRoles: readonly Role[] = [
  builtIn('OWNER', 'Owner', 'May do everything and sees the whole log.', permissions, sees('ALL')),
  builtIn(
    'ADMINISTRATOR',
    'Administrator',
    'Runs the organization and sees the whole log; only an owner erases or changes the organization itself.',
    permissions.filter((one) => one !== 'ERASE' && one !== 'MANAGE_ORGANIZATION'),
    sees('ALL'),
  ),
  builtIn(
    'AUDITOR',
    'Auditor',
    'Sees the whole log, reads proofs and exports; changes nothing.',
    ['READ', 'EXPORT', 'READ_PROOFS'],
    sees('ALL'),
  ),
  builtIn(
    'MEMBER',
    'Member',
    'Sees the vaults and folders it administers, and its own activity.',
    ['READ'],
    sees('GRANTED', true),
  ),
  builtIn('INTEGRATION', 'Integration', 'Records entries and sees none.', ['RECORD'], sees('NONE')),
];

/** A role as it is stored: with lists for sets. */
export interface RoleRecord extends Pick<Role, 'key' | 'name' | 'description' | 'visibility'> {
  readonly permissions: readonly Permission[];
  readonly hiddenFields: readonly HideableField[];
}

const builtInByKey: ReadonlyMap<string, Role> = new Map(builtInRoles.map((role) => [role.key, role]));

export const roleFrom = (record: RoleRecord): Role => ({
  ...record,
  permissions: new Set(record.permissions),
  hiddenFields: new Set(record.hiddenFields),
});

/**
 * The role of a key: the organization’s own where it defines one, else the built-in one; undefined for neither. Built-in
 * keys are reserved, so a key never stands for two roles.
 */
export function resolveRole(key: string | null, own: RoleRecord | null): Role | undefined {
  if (own !== null) return roleFrom(own);
  return key === null ? undefined : builtInByKey.get(key);
}

/** What the rule is applied to: the principal’s place in the organization, as numbers of the log. */
export interface VisibilityFacts {
  /** The principal’s number as an actor; null for a token of no member. */
  readonly actor: number | null;
  /** Directories on which it has at least the role’s minimum level, with all that lies under them. */
  readonly directories: ReadonlySet<number>;
  /** Numbers of the actions of the role’s categories; unused when the role sees all categories. */
  readonly actions: ReadonlySet<number>;
}

/** The one visibility rule: category, and (all, or a granted directory, or own activity). */
export function visibilityPredicate(rule: VisibilityRule, facts: VisibilityFacts): Predicate {
  const parts: Predicate[] = [];
  if (rule.scope === 'ALL') parts.push(always);
  if (rule.scope === 'GRANTED') parts.push({ op: 'in', field: 'directory', values: facts.directories });
  if (rule.ownActivity && facts.actor !== null) {
    const me = new Set([facts.actor]);
    parts.push({ op: 'in', field: 'actor', values: me }, { op: 'in', field: 'affectedUser', values: me });
  }
  const places: Predicate = parts.length === 0 ? never : { op: 'or', of: parts };
  return rule.categories === null
    ? both(always, places)
    : both({ op: 'in', field: 'action', values: facts.actions }, places);
}
