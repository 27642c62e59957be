/** What managers see: members, groups and grants, page by page. */
import type { ListedGroup, ListPage } from '../../../administration/administration.ts';
import type { GrantRecord, MemberRecord } from '../../../store/store.ts';
import { builder } from '../../builder.ts';
import { callerWith, needs } from '../../guard.ts';
import { AccessLevelRef } from '../vocabulary.ts';
import { directoryId, MemberStatusRef } from './inputs.ts';
import { memberId } from './report.ts';

const MemberRef = builder.objectRef<MemberRecord>('Member').implement({
  description: 'A person who can have a role in the organization.',
  fields: (t) => ({
    externalId: t.exposeID('externalId', { description: 'The product’s own id, as entries state it.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    email: t.exposeString('email', {
      nullable: true,
      description: 'Its address; null also for a role from which addresses are hidden.',
    }),
    role: t.exposeString('role', { nullable: true, description: 'Key of its role; null may do and see nothing.' }),
    status: t.expose('status', { type: MemberStatusRef, description: 'Whether it may act.' }),
  }),
});

const GroupRef = builder.objectRef<ListedGroup>('Group').implement({
  description: 'Members that have grants in common.',
  fields: (t) => ({
    externalId: t.exposeID('externalId', { description: 'The product’s own id.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    memberIds: t.idList({
      description: 'External ids of its members.',
      resolve: ({ memberIds }) => [...memberIds],
    }),
  }),
});

interface ShownGrant extends GrantRecord {
  readonly directoryName: string | null;
}

const GrantRef = builder.objectRef<ShownGrant>('Grant').implement({
  description: 'The level of a member or a group on a directory and what lies under it.',
  fields: (t) => ({
    directoryId: t.exposeID('directoryId', { description: 'External id of the directory.' }),
    directoryName: t.exposeString('directoryName', {
      nullable: true,
      description: 'Its newest name; for callers that do not see every entry, the one that the product keeps.',
    }),
    memberId: t.exposeID('memberId', { nullable: true, description: 'External id of the member that has it.' }),
    groupId: t.exposeID('groupId', { nullable: true, description: 'External id of the group that has it.' }),
    level: t.expose('level', { type: AccessLevelRef, description: 'The level.' }),
  }),
});

const cursor = {
  hasNextPage: 'Whether there are more after this page.',
  endCursor: 'For `after`, to go on; null on an empty page.',
  first: 'At most so many, 0 to 500.',
  after: 'Only what comes after this, such as `endCursor`.',
};

const MemberPageRef = builder.objectRef<ListPage<MemberRecord>>('MemberPage').implement({
  description: 'Members in the order of their ids.',
  fields: (t) => ({
    nodes: t.expose('nodes', { type: [MemberRef], description: 'The members of this page.' }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: cursor.hasNextPage }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: cursor.endCursor }),
  }),
});

const GroupPageRef = builder.objectRef<ListPage<ListedGroup>>('GroupPage').implement({
  description: 'Groups in the order of their ids.',
  fields: (t) => ({
    nodes: t.expose('nodes', { type: [GroupRef], description: 'The groups of this page.' }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: cursor.hasNextPage }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: cursor.endCursor }),
  }),
});

const GrantPageRef = builder.objectRef<ListPage<ShownGrant>>('GrantPage').implement({
  description: 'Grants in the order of their directories’ ids.',
  fields: (t) => ({
    nodes: t.expose('nodes', { type: [GrantRef], description: 'The grants of this page.' }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: cursor.hasNextPage }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: cursor.endCursor }),
  }),
});

builder.queryFields((t) => ({
  members: t.field({
    ...needs('MANAGE_MEMBERS'),
    type: MemberPageRef,
    description: 'The members of the organization.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: cursor.first }),
      after: t.arg.string({ description: cursor.after }),
      search: t.arg.string({
        description: 'Only those whose name, address or external id contains this text; case does not matter.',
      }),
      status: t.arg({ type: MemberStatusRef, description: 'Only these; without it all but removed ones.' }),
    },
    resolve: (_, args, context) => context.services.administration.members(callerWith(context, 'MANAGE_MEMBERS'), args),
  }),
  groups: t.field({
    ...needs('MANAGE_MEMBERS'),
    type: GroupPageRef,
    description: 'The groups of the organization, with their members.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: cursor.first }),
      after: t.arg.string({ description: cursor.after }),
    },
    resolve: (_, args, context) => context.services.administration.groups(callerWith(context, 'MANAGE_MEMBERS'), args),
  }),
  grants: t.field({
    ...needs('MANAGE_MEMBERS'),
    type: GrantPageRef,
    description:
      'The grants of the organization: on a directory itself, not from above; to a member itself, not to its groups.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: cursor.first }),
      after: t.arg.string({ description: cursor.after }),
      directoryId: t.arg.id({ description: 'Only those on this directory.' }),
      memberId: t.arg.id({ description: 'Only those to this member.' }),
      groupId: t.arg.id({ description: 'Only those to this group.' }),
    },
    resolve: (_, { directoryId: directory, memberId: member, groupId, first, after }, context) =>
      context.services.administration.grants(callerWith(context, 'MANAGE_MEMBERS'), {
        first,
        after,
        groupId,
        directoryId: directory ? directoryId(directory) : null,
        memberId: member ? memberId(member) : null,
      }),
  }),
}));
