/** The mutations of members, groups, directories and grants. */
import type { MemberInput } from '../../../administration/administration.ts';
import { builder } from '../../builder.ts';
import { callerWith, needs } from '../../guard.ts';
import {
  bareDirectory,
  bareGrant,
  bareGroup,
  bareMember,
  DirectoryInputRef,
  directoryId,
  GrantInputRef,
  GrantKeyRef,
  GroupInputRef,
  MemberInputRef,
} from './inputs.ts';
import { ChangeReportRef, memberId } from './report.ts';

const manages = needs('MANAGE_MEMBERS');
const most = 'At most 50,000; all or none.';

/** REMOVED is refused by the domain, which says what to use instead. */
export const asMembers = (members: readonly unknown[]): MemberInput[] => (members as MemberInput[]).map(bareMember);

builder.mutationFields((t) => ({
  upsertMembers: t.field({
    ...manages,
    type: ChangeReportRef,
    description:
      'Adds members and changes them: name, address, role, and status, by which they are suspended and reactivated.',
    args: { members: t.arg({ type: [MemberInputRef], required: true, description: most }) },
    resolve: (_, { members }, context) =>
      context.services.administration.upsertMembers(callerWith(context, 'MANAGE_MEMBERS'), asMembers(members)),
  }),
  removeMembers: t.field({
    ...manages,
    type: ChangeReportRef,
    description:
      'Removes members: with their role, grants, memberships, tokens and private views. Entries go on naming them. Unknown ones are gone already.',
    args: { ids: t.arg.idList({ required: true, description: most }) },
    resolve: (_, { ids }, context) =>
      context.services.administration.removeMembers(callerWith(context, 'MANAGE_MEMBERS'), ids.map(memberId)),
  }),
  upsertGroups: t.field({
    ...manages,
    type: ChangeReportRef,
    description: 'Adds groups, renames them, and says who belongs to them.',
    args: { groups: t.arg({ type: [GroupInputRef], required: true, description: most }) },
    resolve: (_, { groups }, context) =>
      context.services.administration.upsertGroups(callerWith(context, 'MANAGE_MEMBERS'), groups.map(bareGroup)),
  }),
  removeGroups: t.field({
    ...manages,
    type: ChangeReportRef,
    description: 'Removes groups with their grants. Unknown ones are gone already.',
    args: { ids: t.arg.idList({ required: true, description: most }) },
    resolve: (_, { ids }, context) =>
      context.services.administration.removeGroups(callerWith(context, 'MANAGE_MEMBERS'), ids),
  }),
  upsertDirectories: t.field({
    ...manages,
    type: ChangeReportRef,
    description:
      'Adds vaults and folders, renames and moves them. Their entries, past ones too, are seen by whoever has a sufficient grant there or above.',
    args: { directories: t.arg({ type: [DirectoryInputRef], required: true, description: most }) },
    resolve: (_, { directories }, context) =>
      context.services.administration.upsertDirectories(
        callerWith(context, 'MANAGE_MEMBERS'),
        directories.map(bareDirectory),
      ),
  }),
  removeDirectories: t.field({
    ...manages,
    type: ChangeReportRef,
    description:
      'Takes directories out of the tree, and all grants from them and from what lies under them. Their entries stay, seen by roles that see everything. Unknown ones are gone already.',
    args: { ids: t.arg.idList({ required: true, description: most }) },
    resolve: (_, { ids }, context) =>
      context.services.administration.removeDirectories(callerWith(context, 'MANAGE_MEMBERS'), ids.map(directoryId)),
  }),
  setGrants: t.field({
    ...manages,
    type: ChangeReportRef,
    description: 'Gives grants: each directory and subject has one, and another level replaces it.',
    args: { grants: t.arg({ type: [GrantInputRef], required: true, description: most }) },
    resolve: (_, { grants }, context) =>
      context.services.administration.setGrants(
        callerWith(context, 'MANAGE_MEMBERS'),
        grants.map((grant) => bareGrant(grant)),
      ),
  }),
  removeGrants: t.field({
    ...manages,
    type: ChangeReportRef,
    description: 'Takes grants away; what the subject has from above counts again. Unknown ones are gone already.',
    args: { grants: t.arg({ type: [GrantKeyRef], required: true, description: most }) },
    resolve: (_, { grants }, context) =>
      context.services.administration.removeGrants(
        callerWith(context, 'MANAGE_MEMBERS'),
        grants.map((grant) => bareGrant(grant)),
      ),
  }),
}));

const SynchronizeInputRef = builder.inputType('SynchronizeInput', {
  description: 'The whole organization as the product knows it. What is not listed goes.',
  fields: (t) => ({
    members: t.field({ type: [MemberInputRef], required: true, description: 'All members; others are removed.' }),
    groups: t.field({ type: [GroupInputRef], required: true, description: 'All groups; others are removed.' }),
    directories: t.field({
      type: [DirectoryInputRef],
      required: true,
      description: 'All directories. Others lose their grants; those without any, met in entries, stay where they are.',
    }),
    grants: t.field({ type: [GrantInputRef], required: true, description: 'All grants; others are taken away.' }),
  }),
});

builder.mutationField('synchronize', (t) =>
  t.field({
    ...manages,
    type: ChangeReportRef,
    description:
      'Makes members, groups, directories and grants what the product says they are: all of it, at once, or nothing.',
    args: {
      input: t.arg({ type: SynchronizeInputRef, required: true, description: 'The whole organization.' }),
      dryRun: t.arg.boolean({ required: true, description: 'True: changes nothing and answers what it would change.' }),
    },
    resolve: (_, { input: { members, groups, directories, grants }, dryRun }, context) =>
      context.services.administration.synchronize(
        callerWith(context, 'MANAGE_MEMBERS'),
        {
          members: asMembers(members),
          groups: groups.map(bareGroup),
          directories: directories.map(bareDirectory),
          grants: grants.map((grant) => bareGrant(grant)),
        },
        dryRun,
      ),
  }),
);
