/** Roles that an organization defines itself. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import {
  type AccessLevel,
  accessLevels,
  builtInRoles,
  type HideableField,
  hideableFields,
  type Permission,
  permissions,
  type Role,
  type RoleRecord,
  roleFrom,
  type VisibilityRule,
} from '../model/role.ts';
import type { AdministrationStatements } from '../store/store.ts';
import { fieldChanges } from './changes.ts';
import { badInput, checkText } from './checks.ts';
import { checkWithin } from './escalation.ts';
import type { Step } from './step.ts';
import { unsharedEntry } from './views/entries.ts';

/** The whole role; what is left out has its default, whatever it was before. */
export interface RoleInput {
  /** Capital letters, digits and `_`; begins with a letter; up to 50. */
  readonly key: string;
  readonly name: string;
  readonly description?: string | null | undefined;
  /** By default none. */
  readonly permissions?: readonly Permission[] | null | undefined;
  /** Keys of the only categories that it sees; null or left out, all. */
  readonly categories?: readonly string[] | null | undefined;
  /** By default NONE. */
  readonly scope?: VisibilityRule['scope'] | null | undefined;
  /** By default ADMINISTRATOR. */
  readonly minimumAccessLevel?: AccessLevel | null | undefined;
  /** By default false. */
  readonly ownActivity?: boolean | null | undefined;
  /** By default none. */
  readonly hiddenFields?: readonly HideableField[] | null | undefined;
}

const keyForm = /^[A-Z][A-Z0-9_]{0,49}$/;
const scopes: readonly VisibilityRule['scope'][] = ['ALL', 'GRANTED', 'NONE'];

const isBuiltIn = (key: string): boolean => builtInRoles.some((role) => role.key === key);

function refuseBuiltIn(key: string): void {
  if (isBuiltIn(key)) throw badInput('key', `${key} is a built-in role.`, 'Choose a key of your own.');
}

/** The words in the order of the vocabulary, each once. */
function chosen<T extends string>(path: string, vocabulary: readonly T[], words: readonly T[]): T[] {
  for (const [index, word] of words.entries()) {
    if (vocabulary.includes(word)) continue;
    throw badInput(`${path}[${index}]`, `must be one of ${vocabulary.join(', ')}.`);
  }
  return vocabulary.filter((word) => words.includes(word));
}

function recordOf(input: RoleInput, catalogue: Pick<Catalogue, 'category'>): RoleRecord {
  const { key, name, scope, minimumAccessLevel } = input;
  if (!keyForm.test(key)) {
    throw badInput('key', 'must have 1 to 50 capital letters, digits or _, and begin with a letter.');
  }
  refuseBuiltIn(key);
  checkText('name', name, 'name');
  const description = input.description ?? '';
  if (description !== '') checkText('description', description, 'description');
  for (const [index, category] of (input.categories ?? []).entries()) {
    if (catalogue.category(category) !== undefined) continue;
    const cure = 'Use keys that eventCategories lists.';
    throw badInput(`categories[${index}]`, `there is no category ${JSON.stringify(category)}.`, cure);
  }
  return {
    key,
    name,
    description,
    permissions: chosen('permissions', permissions, input.permissions ?? []),
    visibility: {
      categories: input.categories ? [...new Set(input.categories)].sort() : null,
      scope: chosen('scope', scopes, [scope ?? 'NONE'])[0] ?? 'NONE',
      minimumAccessLevel:
        chosen('minimumAccessLevel', accessLevels, [minimumAccessLevel ?? 'ADMINISTRATOR'])[0] ?? 'ADMINISTRATOR',
      ownActivity: input.ownActivity ?? false,
    },
    hiddenFields: chosen('hiddenFields', hideableFields, input.hiddenFields ?? []),
  };
}

const flat = ({ visibility, permissions: may, hiddenFields, ...rest }: RoleRecord) => ({
  ...rest,
  ...visibility,
  permissions: may.join(', '),
  categories: visibility.categories?.join(', ') ?? 'all',
  hiddenFields: hiddenFields.join(', '),
});
const fields = [
  'name',
  'description',
  'permissions',
  'categories',
  'scope',
  'minimumAccessLevel',
  'ownActivity',
  'hiddenFields',
];

/** Errors: BAD_INPUT, ESCALATION. */
export async function roleStep(
  statements: AdministrationStatements,
  organization: number,
  input: RoleInput,
  { by, catalogue }: { readonly by: Role; readonly catalogue: Pick<Catalogue, 'category'> },
): Promise<Step<Role>> {
  const record = recordOf(input, catalogue);
  const before = (await statements.readRoles(organization)).find((role) => role.key === record.key) ?? null;
  if (before !== null) checkWithin(roleFrom(before), by, 'You cannot change this role');
  checkWithin(roleFrom(record), by, 'You cannot define this role');
  const changes = fieldChanges(before === null ? null : flat(before), flat(record), fields);
  const action = before === null ? 'annals.role_created' : 'annals.role_changed';
  const targets = [{ type: 'role', id: record.key, name: record.name }];
  return {
    changes: () => (before !== null && changes.length === 0 ? [] : [{ action, targets, changes }]),
    result: roleFrom(record),
    async write() {
      await statements.writeRole(organization, record);
      await statements.raiseRights(organization);
    },
  };
}

/** An unknown role is gone already. Errors: BAD_INPUT where members or tokens have it, or an issuer may give it. */
export async function roleRemoval(
  statements: AdministrationStatements,
  organization: number,
  key: string,
): Promise<Step<boolean>> {
  refuseBuiltIn(key);
  const before = (await statements.readRoles(organization)).find((role) => role.key === key);
  const { members, tokens, issuers } = await statements.countRoleUses(organization, key);
  if (before !== undefined && members + tokens + issuers > 0) {
    const cure = 'Give them other roles, revoke the tokens, and take the role from the issuers of JWTs first.';
    const message = `${members} members and ${tokens} tokens have the role ${key}, and ${issuers} issuers of JWTs may give it.`;
    throw badInput('key', message, cure);
  }
  const views = before === undefined ? [] : await statements.readViewsOfRole(organization, key);
  return {
    changes: () =>
      before === undefined
        ? []
        : [
            ...views.map((view) => unsharedEntry(view, key)),
            { action: 'annals.role_deleted', targets: [{ type: 'role', id: key, name: before.name }] },
          ],
    result: before !== undefined,
    async write() {
      if (views.length > 0) {
        await statements.unshareViews(organization, key);
        await statements.deleteLostViews(organization);
      }
      await statements.deleteRole(organization, key);
      await statements.raiseRights(organization);
    },
  };
}
