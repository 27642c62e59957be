import type { Principal } from '../../auth/auth.ts';
import type { Category } from '../../catalogue/catalogue.ts';
import type { Role, VisibilityRule } from '../../model/role.ts';
import type { Sight } from '../../visibility/visibility.ts';
import { categoryFor } from '../absent.ts';
import { builder } from '../builder.ts';
import type { AnnalsContext } from '../context.ts';
import { caller } from '../guard.ts';
import { ActorRef, DirectoryRef, EventCategoryRef, OrganizationRef } from '../refs.ts';
import { AccessLevelRef, PermissionRef, VisibilityScopeRef } from './vocabulary.ts';

interface Sees {
  readonly rule: VisibilityRule;
  readonly sight: Sight;
  /** Own activity needs someone to have been active: a token of no member is nobody. */
  readonly isMember: boolean;
}

const PrincipalKindRef = builder.enumType('PrincipalKind', {
  description: 'Whom a credential stands for.',
  values: {
    MEMBER: { description: 'A member of the organization, with the member’s role and grants.' },
    TOKEN: { description: 'A program, with a role of its own.' },
  },
});

const RoleRef = builder.objectRef<Role>('Role').implement({
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

function inWords({ rule, sight, isMember }: Sees, context: AnnalsContext): string {
  if (sight.everything) return 'Every entry of the log.';
  if (sight.nothing) return 'No entries.';
  const parts: string[] = [];
  if (rule.scope === 'ALL') parts.push('every entry');
  if (rule.scope === 'GRANTED') {
    const count = sight.granted.size === 1 ? '1 directory' : `${sight.granted.size} directories`;
    parts.push(`entries in or under the ${count} on which it has at least ${rule.minimumAccessLevel}`);
  }
  if (rule.ownActivity && isMember) parts.push('entries of which it is the actor or the affected user');
  const names = categoriesOf(rule, context)?.map((category) => category.name);
  const sentence = `${parts.join(', and ')}${names === undefined ? '' : `; only of the categories ${names.join(', ')}`}`;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

const VisibilityRef = builder.objectRef<Sees>('Visibility').implement({
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
      resolve: ({ rule }) => rule.scope,
    }),
    minimumAccessLevel: t.field({
      type: AccessLevelRef,
      nullable: true,
      description: 'The weakest grant that opens a directory’s entries; null where grants do not matter.',
      resolve: ({ rule }) => (rule.scope === 'GRANTED' ? rule.minimumAccessLevel : null),
    }),
    ownActivity: t.boolean({
      description: 'Whether it also sees what it did itself and what was done to it.',
      resolve: ({ rule, isMember }) => rule.ownActivity && isMember,
    }),
    categories: t.field({
      type: [EventCategoryRef],
      nullable: true,
      description: 'The only event categories that the role sees; null when it sees all.',
      resolve: ({ rule }, _, context) => categoriesOf(rule, context),
    }),
    directoryCount: t.int({
      description: 'Number of directories on which a sufficient grant stands.',
      resolve: ({ sight }) => sight.granted.size,
    }),
    directories: t.field({
      type: [DirectoryRef],
      description: 'Directories on which a sufficient grant stands; what lies under them is seen too.',
      args: { first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }) },
      resolve: ({ sight }, { first }, { loaders }) => {
        const limit = Math.min(Math.max(first ?? 50, 0), 500);
        return Promise.all([...sight.granted].slice(0, limit).map((number) => loaders.directory.load(number)));
      },
    }),
  }),
});

const ViewerRef = builder.objectRef<Principal>('Viewer').implement({
  description: 'The caller: whom its credential stands for, what it may do and what it sees.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The member’s name, or the token’s.' }),
    kind: t.expose('kind', { type: PrincipalKindRef, description: 'A member or a program.' }),
    actor: t.field({
      type: ActorRef,
      nullable: true,
      description: 'The member as entries name it; filter by it to find one’s own activity. Null for a program.',
      resolve: ({ member }, _, { loaders }) => (member === null ? null : loaders.actor.load(member.actor)),
    }),
    organization: t.field({
      type: OrganizationRef,
      description: 'The organization it belongs to.',
      resolve: (principal) => principal,
    }),
    role: t.expose('role', { type: RoleRef, description: 'Its role.' }),
    permissions: t.field({
      type: [PermissionRef],
      description: 'What it may do; the permissions of its role.',
      resolve: ({ role }) => [...role.permissions],
    }),
    sees: t.field({
      type: VisibilityRef,
      description: 'What it sees, and why.',
      resolve: async ({ role, member }, _, { loaders }) => ({
        rule: role.visibility,
        sight: await loaders.sight(),
        isMember: member !== null,
      }),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its credential expires; null if never.',
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerRef,
    description: 'Who am I, what may I do, and what do I see?',
    resolve: (_, __, context) => caller(context),
  }),
);
