/** What describes members, groups, directories and grants. */
import type {
  DirectoryInput,
  GrantInput,
  GrantKey,
  GroupInput,
  MemberInput,
} from '../../../administration/administration.ts';
import type { AccessLevel } from '../../../model/role.ts';
import { builder } from '../../builder.ts';
import { bareId } from '../../ids.ts';
import { AccessLevelRef, DirectoryKindRef } from '../vocabulary.ts';
import { memberId } from './report.ts';

export const MemberStatusRef = builder.enumType('MemberStatus', {
  description: 'Whether a member may act.',
  values: {
    ACTIVE: { description: 'It may do what its role permits.' },
    SUSPENDED: { description: 'Its credentials are refused; it keeps role, groups and grants.' },
    REMOVED: { description: 'It has nothing any more; entries go on naming it.' },
  },
});

const stays = 'Left out, it stays as it is';

export const MemberInputRef = builder.inputType('UpsertMemberInput', {
  description: 'A member. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The product’s own id, or `actor:MEMBER:` and that id.' }),
    name: t.string({ description: `${stays}; a new member needs one.` }),
    email: t.string({ description: `${stays}; null takes it away.` }),
    role: t.string({ description: `Key of a role. ${stays}; null takes it away, and a new member has none.` }),
    status: t.field({
      type: MemberStatusRef,
      description: `ACTIVE or SUSPENDED. ${stays}; a new member, or one that was removed, is ACTIVE.`,
    }),
  }),
});

export const GroupInputRef = builder.inputType('UpsertGroupInput', {
  description: 'A group. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The product’s own id.' }),
    name: t.string({ description: `${stays}; a new group needs one.` }),
    memberIds: t.idList({ description: `All its members; whoever is not listed leaves. ${stays}.` }),
  }),
});

export const DirectoryInputRef = builder.inputType('UpsertDirectoryInput', {
  description: 'A vault or folder. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The product’s own id, or `directory:` and that id.' }),
    name: t.string({ description: `${stays}.` }),
    kind: t.field({
      type: DirectoryKindRef,
      description: `${stays}; new at the top it is a vault, and below another a folder.`,
    }),
    parentId: t.id({
      description: `The directory above, known or in the same list; null at the top. ${stays}. What lies under a directory moves with it.`,
    }),
  }),
});

export const GrantKeyRef = builder.inputType('GrantKeyInput', {
  description: 'Whose grant on which directory: exactly one of `memberId` and `groupId`.',
  fields: (t) => ({
    directoryId: t.id({ required: true, description: 'The directory.' }),
    memberId: t.id({ description: 'The member that has it.' }),
    groupId: t.id({ description: 'The group that has it.' }),
  }),
});

export const GrantInputRef = builder.inputType('GrantInput', {
  description: 'A level for a member or a group on a directory and what lies under it.',
  fields: (t) => ({
    directoryId: t.id({ required: true, description: 'The directory.' }),
    memberId: t.id({ description: 'The member that gets it; or give `groupId`.' }),
    groupId: t.id({ description: 'The group that gets it.' }),
    level: t.field({
      type: AccessLevelRef,
      required: true,
      description: 'On a folder it overrides what the same member or group has from above.',
    }),
  }),
});

/** The same with the product’s own ids where a client wrote global ones: the domain knows only those. */
export const bareMember = <T extends MemberInput>(input: T): T => ({ ...input, id: memberId(input.id) });

export const bareGroup = (input: GroupInput): GroupInput => ({
  ...input,
  ...(input.memberIds ? { memberIds: input.memberIds.map(memberId) } : {}),
});

export const directoryId = (text: string): string => bareId('directory', text);

export const bareDirectory = (input: DirectoryInput): DirectoryInput => ({
  ...input,
  id: directoryId(input.id),
  ...(input.parentId ? { parentId: directoryId(input.parentId) } : {}),
});

export function bareGrant(input: GrantInput): GrantInput;
export function bareGrant(input: GrantKey): GrantKey;
export function bareGrant(input: GrantKey & { readonly level?: AccessLevel }): GrantKey {
  return {
    ...input,
    directoryId: directoryId(input.directoryId),
    ...(input.memberId ? { memberId: memberId(input.memberId) } : {}),
  };
}
