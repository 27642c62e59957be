/** Who sees an entry, and why; for those who manage members. */
import type { StoredDirectoryName } from '../../store/store.ts';
import type { AccessHolder, AccessPage, AccessReason, MemberView } from '../../visibility/visibility.ts';
import { builder } from '../builder.ts';
import type { AnnalsContext } from '../context.ts';
import { callerWith, needs } from '../guard.ts';
import { bareId } from '../ids.ts';
import { memberActor, seenDirectory } from '../loaders.ts';
import { ActorRef, DirectoryRef } from '../refs.ts';
import { PageInfoRef, readLog } from './logConnection.ts';
import { PrincipalKindRef, RoleRef, VisibilityRef } from './visibility.ts';
import { AccessLevelRef } from './vocabulary.ts';

const RuleRef = builder.enumType('AccessRule', {
  description: 'A rule by which somebody sees an entry.',
  values: {
    SEES_ALL: { description: 'Its role sees every entry.' },
    GRANTED: { description: 'A sufficient grant stands on the entry’s directory, or above it.' },
    ACTOR: { description: 'It did this itself.' },
    AFFECTED_USER: { description: 'It was done to it.' },
  },
});

const ObstacleRef = builder.enumType('AccessObstacle', {
  description: 'What keeps somebody from an entry that a rule would show.',
  values: {
    CATEGORY: { description: 'Its role does not see the category of the entry.' },
    PERMISSION: { description: 'Its role lacks the permission READ.' },
  },
});

/** The directory on which the grant of a reason stands; null for the other rules. */
const directoryOf = (reason: AccessReason, { loaders }: AnnalsContext): Promise<StoredDirectoryName> | null =>
  reason.rule === 'GRANTED' ? loaders.directory.load(reason.directory) : null;

async function inWords(reason: AccessReason, context: AnnalsContext): Promise<string> {
  switch (reason.rule) {
    case 'SEES_ALL':
      return 'Its role sees every entry.';
    case 'ACTOR':
      return 'It is the actor.';
    case 'AFFECTED_USER':
      return 'It is the affected user.';
    case 'GRANTED': {
      const directory = await directoryOf(reason, context);
      const through = reason.group === null ? '' : ` through the group ${reason.group.name}`;
      const where = reason.inherited ? 'a directory above' : 'the directory';
      return `It has ${reason.level}${through} on ${where}, ${directory?.externalId}.`;
    }
  }
}

const ReasonRef = builder.objectRef<AccessReason>('AccessReason').implement({
  description: 'Why somebody sees an entry.',
  fields: (t) => ({
    rule: t.expose('rule', { type: RuleRef, description: 'For programs.' }),
    inWords: t.string({
      description: 'For people: an English sentence.',
      resolve: (reason, _, context) => inWords(reason, context),
    }),
    level: t.field({
      type: AccessLevelRef,
      nullable: true,
      description: 'The level of the grant; null for another rule than GRANTED.',
      resolve: (reason) => (reason.rule === 'GRANTED' ? reason.level : null),
    }),
    directoryId: t.id({
      nullable: true,
      description: 'External id of the directory that the grant stands on; null for another rule than GRANTED.',
      resolve: async (reason, _, context) => (await directoryOf(reason, context))?.externalId ?? null,
    }),
    directory: t.field({
      type: DirectoryRef,
      nullable: true,
      description: 'That directory; null also where the caller does not see it.',
      resolve: (reason, _, { loaders }) =>
        reason.rule === 'GRANTED' ? seenDirectory(loaders, reason.directory) : null,
    }),
    inherited: t.boolean({
      nullable: true,
      description: 'Whether the grant stands above the entry’s directory; null for another rule than GRANTED.',
      resolve: (reason) => (reason.rule === 'GRANTED' ? reason.inherited : null),
    }),
    groupId: t.id({
      nullable: true,
      description: 'External id of the group that has the grant; null where the member has it itself.',
      resolve: (reason) => (reason.rule === 'GRANTED' ? (reason.group?.externalId ?? null) : null),
    }),
    groupName: t.string({
      nullable: true,
      description: 'Name of that group.',
      resolve: (reason) => (reason.rule === 'GRANTED' ? (reason.group?.name ?? null) : null),
    }),
  }),
});

const HolderRef = builder.objectRef<AccessHolder>('AccessHolder').implement({
  description: 'A member or a token that sees an entry, or nearly does.',
  fields: (t) => ({
    kind: t.expose('kind', { type: PrincipalKindRef, description: 'A member or a program.' }),
    id: t.exposeID('id', { description: 'The member’s external id, or the token’s id.' }),
    name: t.exposeString('name', { description: 'The member’s name, or the token’s.' }),
    role: t.expose('role', { type: RoleRef, description: 'Its role.' }),
    sees: t.boolean({
      description: 'Whether it sees the entry. False only where `almost` was asked for.',
      resolve: ({ obstacle }) => obstacle === null,
    }),
    obstacle: t.expose('obstacle', {
      type: ObstacleRef,
      nullable: true,
      description: 'What keeps it from seeing the entry; null where it does see it.',
    }),
    reasons: t.field({
      type: [ReasonRef],
      description: 'Every rule that shows it the entry: each alone is enough.',
      resolve: ({ reasons }) => reasons,
    }),
  }),
});

const EdgeRef = builder.objectRef<AccessPage['edges'][number]>('AccessEdge').implement({
  description: 'Somebody who sees an entry, and its place in the list.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Its place in the list, for `after`.' }),
    node: t.field({ type: HolderRef, description: 'The member or token.', resolve: ({ holder }) => holder }),
  }),
});

const ConnectionRef = builder.objectRef<AccessPage>('AccessConnection').implement({
  description: 'Who sees an entry: members first, then tokens, each by name.',
  fields: (t) => ({
    edges: t.field({
      type: [EdgeRef],
      description: 'The members and tokens of this page with their cursors.',
      resolve: ({ edges }) => edges,
    }),
    nodes: t.field({
      type: [HolderRef],
      description: 'The same without cursors.',
      resolve: ({ edges }) => edges.map(({ holder }) => holder),
    }),
    pageInfo: t.field({ type: PageInfoRef, description: 'How to go on from here.', resolve: (page) => page }),
    totalCount: t.exposeInt('totalCount', { description: 'How many there are on all pages.' }),
  }),
});

builder.queryField('accessTo', (t) =>
  t.field({
    ...needs('MANAGE_MEMBERS'),
    type: ConnectionRef,
    nullable: true,
    description:
      'Who sees this entry, and by which rule: active members, and tokens with a role of their own. Null when the entry does not exist or is not visible to the caller.',
    args: {
      entry: t.arg.id({ required: true, description: 'Its id, `entry:<uuid>`, or the bare UUID.' }),
      first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor, such as `pageInfo.endCursor`.' }),
      almost: t.arg.boolean({
        defaultValue: false,
        description: 'Also those whom only the entry’s category, or a missing permission, keeps from seeing it.',
      }),
    },
    resolve: async (_, { entry, first, after, almost }, context) => {
      const principal = callerWith(context, 'MANAGE_MEMBERS');
      const found = await readLog(context.loaders, entry);
      if (found === null) return null;
      const request = { first: first ?? 50, after: after ?? null, almost: almost ?? false };
      return context.services.explanations.accessTo(principal, found, request);
    },
  }),
);

const MemberVisibilityRef = builder.objectRef<MemberView>('MemberVisibility').implement({
  description: 'What a member sees, and why.',
  fields: (t) => ({
    memberId: t.id({ description: 'The member’s external id.', resolve: ({ member }) => member.externalId }),
    name: t.string({ description: 'The member’s name.', resolve: ({ member }) => member.name }),
    actor: t.field({
      type: ActorRef,
      description: 'The member as entries name it.',
      resolve: ({ member }, _, { loaders, principal }) => memberActor(loaders, principal, member),
    }),
    active: t.boolean({
      description: 'False while it is suspended or removed.',
      resolve: ({ member }) => member.status === 'ACTIVE',
    }),
    role: t.field({
      type: RoleRef,
      nullable: true,
      description: 'Its role; null while it is not active or has none.',
      resolve: ({ as }) => as?.principal.role ?? null,
    }),
    sees: t.field({
      type: VisibilityRef,
      nullable: true,
      description: 'What it sees, as its own `viewer` says; null while it is not active or has no role: then nothing.',
      resolve: ({ as }) => as,
    }),
  }),
});

builder.queryField('visibilityOf', (t) =>
  t.field({
    ...needs('MANAGE_MEMBERS'),
    type: MemberVisibilityRef,
    nullable: true,
    description: 'What a member sees, and why. Null when there is no such member.',
    args: { member: t.arg.id({ required: true, description: 'Its external id, or the global id of its actor.' }) },
    resolve: (_, { member }, context) =>
      context.services.explanations.member(callerWith(context, 'MANAGE_MEMBERS'), bareId('actor', member)),
  }),
);
