/** What a principal sees, and by which rule. */
import type { Principal } from '../../auth/auth.ts';
import type { Category } from '../../catalogue/catalogue.ts';
import { hideableFields, type Role, type VisibilityRule } from '../../model/role.ts';
import type { ExplainedGrant, Sight } from '../../visibility/visibility.ts';
import { categoryFor } from '../absent.ts';
import { builder } from '../builder.ts';
import type { AnnalsContext } from '../context.ts';
import { seenDirectory } from '../loaders.ts';
import { DirectoryRef, EventCategoryRef } from '../refs.ts';
import { AccessLevelRef, HideableFieldRef, PermissionRef, VisibilityScopeRef } from './vocabulary.ts';

/** A principal, and what it sees. */
export interface Sees {
  readonly principal: Principal;
  readonly sight: Sight;
}

const ruleOf = ({ principal }: Sees): VisibilityRule => principal.role.visibility;

/** Own activity needs someone to have been active: a token of no member is nobody. */
const ownActivityOf = ({ principal }: Sees): boolean =>
  principal.role.visibility.ownActivity && principal.member !== null;

export const PrincipalKindRef = builder.enumType('PrincipalKind', {
  description: 'Whom a credential stands for.',
  values: {
    MEMBER: { description: 'A member of the organization, or a person whom a JWT states.' },
    TOKEN: { description: 'A program, with a role of its own.' },
  },
});

export const RightsSourceRef = builder.enumType('RightsSource', {
  description: 'Where rights come from.',
  values: {
    STORED: { description: 'They are kept here: administration gave them.' },
    STATED: {
      description: 'The credential states them itself, and nothing that is kept here about the member counts.',
    },
  },
});

export const RoleRef = builder.objectRef<Role>('Role').implement({
  description: 'A set of permissions and a rule of what may be seen.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Such as `AUDITOR`.' }),
    name: t.exposeString('name', { description: 'The name for people.' }),
    description: t.exposeString('description', { description: 'What it is for.' }),
    permissions: t.field({
      type: [PermissionRef],
      description: 'What it may do.',
      resolve: ({ permissions }) => [...permissions],
    }),
  }),
});

function categoriesOf(rule: VisibilityRule, context: AnnalsContext): Category[] | null {
  return rule.categories?.map((key) => categoryFor(context.services.catalogue, key)) ?? null;
}

function inWords(sees: Sees, context: AnnalsContext): string {
  const { sight } = sees;
  const rule = ruleOf(sees);
  if (sight.everything) return 'Every entry of the log.';
  if (sight.nothing) return 'No entries.';
  const parts: string[] = [];
  if (rule.scope === 'ALL') parts.push('every entry');
  if (rule.scope === 'GRANTED') {
    const count = sight.grantedCount === 1 ? '1 directory' : `${sight.grantedCount} directories`;
    const source = sees.principal.jwt?.stated ? ', as its credential states' : '';
    parts.push(`entries in or under the ${count} on which it has at least ${rule.minimumAccessLevel}${source}`);
  }
  if (ownActivityOf(sees)) parts.push('entries of which it is the actor or the affected user');
  const names = categoriesOf(rule, context)?.map((category) => category.name);
  const sentence = `${parts.join(', and ')}${names === undefined ? '' : `; only of the categories ${names.join(', ')}`}`;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

const GrantEffectRef = builder.enumType('GrantEffect', {
  description: 'What a grant does for what its holder sees.',
  values: {
    OPENS: { description: 'It is sufficient: entries in the directory, and under it, are seen.' },
    CLOSES: {
      description:
        'It is too low, and overrides what the same member or group has from above: from here down, that no longer counts. Also of a stated one that is too low, whether or not there was anything to override.',
    },
    NONE: { description: 'It is too low, and there was nothing to override.' },
  },
});

interface ShownGrant extends ExplainedGrant {
  readonly directoryId: string;
  readonly source: 'STORED' | 'STATED';
}

const VisibilityGrantRef = builder.objectRef<ShownGrant>('VisibilityGrant').implement({
  description: 'A grant as it bears on what somebody sees.',
  fields: (t) => ({
    directoryId: t.exposeID('directoryId', { description: 'External id of the directory it stands on.' }),
    directory: t.field({
      type: DirectoryRef,
      nullable: true,
      description:
        'The directory it stands on; null where the caller does not see it, or knows it from the credential alone.',
      resolve: ({ directory }, _, { loaders }) => (directory === null ? null : seenDirectory(loaders, directory)),
    }),
    level: t.expose('level', { type: AccessLevelRef, description: 'The level it gives.' }),
    groupId: t.id({
      nullable: true,
      description: 'External id of the group through which it is held; null for a grant to the member itself.',
      resolve: ({ group }) => group?.externalId ?? null,
    }),
    groupName: t.string({
      nullable: true,
      description: 'Name of that group.',
      resolve: ({ group }) => group?.name ?? null,
    }),
    source: t.expose('source', {
      type: RightsSourceRef,
      description: 'STATED for a directory that the credential states; a grant of a group is always kept here.',
    }),
    effect: t.expose('effect', { type: GrantEffectRef, description: 'What it does for what is seen.' }),
  }),
});

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const byExternalId = <T extends { readonly externalId: string }>(list: readonly T[]): T[] =>
  list.toSorted((one, other) => compare(one.externalId, other.externalId));

async function grantsOf(principal: Principal, sight: Sight, limit: number, { services, loaders }: AnnalsContext) {
  const grants = await services.explanations.grants(principal, sight);
  const idOf = async ({ directory, statedId }: ExplainedGrant): Promise<string> => {
    if (statedId !== null || directory === null) return statedId ?? '';
    return (await loaders.directory.load(directory)).externalId;
  };
  const shown = await Promise.all(
    grants.map(async (grant): Promise<ShownGrant> => {
      const source = grant.statedId === null ? 'STORED' : 'STATED';
      return { ...grant, directoryId: await idOf(grant), source };
    }),
  );
  const order = (one: ShownGrant, other: ShownGrant) =>
    compare(one.directoryId, other.directoryId) || compare(one.group?.externalId ?? '', other.group?.externalId ?? '');
  return shown.sort(order).slice(0, limit);
}

const firstArg = builder.args((t) => ({
  first: t.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
})).first;
const limitOf = (first: number | null | undefined): number => Math.min(Math.max(first ?? 50, 0), 500);

export const VisibilityRef = builder.objectRef<Sees>('Visibility').implement({
  description:
    'Which entries a principal sees, and why. What is hidden is absent everywhere: in pages, counts and live.',
  fields: (t) => ({
    inWords: t.string({
      description: 'The rule as an English sentence, as it applies to this principal now.',
      resolve: (sees, _, context) => inWords(sees, context),
    }),
    everything: t.boolean({
      description: 'Whether it is the whole log; only then are positions answered.',
      resolve: ({ sight }) => sight.everything,
    }),
    scope: t.field({
      type: VisibilityScopeRef,
      description: 'Which directories the role sees.',
      resolve: (sees) => ruleOf(sees).scope,
    }),
    minimumAccessLevel: t.field({
      type: AccessLevelRef,
      nullable: true,
      description: 'The weakest grant that opens a directory’s entries; null where grants do not matter.',
      resolve: (sees) => (ruleOf(sees).scope === 'GRANTED' ? ruleOf(sees).minimumAccessLevel : null),
    }),
    ownActivity: t.boolean({
      description: 'Whether it also sees what it did itself and what was done to it.',
      resolve: ownActivityOf,
    }),
    categories: t.field({
      type: [EventCategoryRef],
      nullable: true,
      description: 'The only event categories that the role sees; null when it sees all.',
      resolve: (sees, _, context) => categoriesOf(ruleOf(sees), context),
    }),
    directoryCount: t.int({
      description: 'Number of directories on which a sufficient grant stands.',
      resolve: ({ sight }) => sight.grantedCount,
    }),
    directories: t.field({
      type: [DirectoryRef],
      description:
        'Directories on which a sufficient grant stands, of those that the caller sees; what lies under them is seen too, except where a grant closes it.',
      args: { first: firstArg },
      resolve: async ({ sight }, { first }, { loaders }) => {
        const found = await Promise.all([...sight.granted].map((number) => seenDirectory(loaders, number)));
        return byExternalId(found.filter((directory) => directory !== null)).slice(0, limitOf(first));
      },
    }),
    grantCount: t.int({
      description: 'Number of grants, its own and those of its groups; 0 where grants do not matter.',
      resolve: ({ sight }) => sight.grants.length + sight.stated.length,
    }),
    grants: t.field({
      type: [VisibilityGrantRef],
      description: 'The grants, its own and those of its groups, by external id of the directory, with what each does.',
      args: { first: firstArg },
      resolve: ({ principal, sight }, { first }, context) => grantsOf(principal, sight, limitOf(first), context),
    }),
    hiddenFields: t.field({
      type: [HideableFieldRef],
      description: 'What of the entries it sees is hidden from its role.',
      resolve: ({ sight }) => hideableFields.filter((field) => sight.hiddenFields.has(field)),
    }),
  }),
});
