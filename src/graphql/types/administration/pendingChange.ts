/** Changes that an organization guards: what waits, and who approved it. */
import type { ListPage, PendingChange, Planned } from '../../../administration/administration.ts';
import type { GuardedOperation, PendingState } from '../../../model/guard.ts';
import { builder } from '../../builder.ts';
import { caller } from '../../guard.ts';
import { LogChangeRef, LogTargetRef } from '../logEntryParts.ts';

export const GuardedOperationRef = builder.enumType('GuardedOperation', {
  description: 'What an organization can guard: with a delay, with the approval of another person, or with both.',
  values: {
    CHANGE_OWNERS: {
      description: 'Making somebody an owner or not one any more, suspending owners, and tokens that act as owners.',
    },
    ROTATE_KEYS: {
      description: 'Adding and changing issuers of JSON Web Tokens: whose keys are believed.',
    },
    CHANGE_GUARDS: {
      description: 'Asking for less than before. Asks for as much as all other operations together.',
    },
  } satisfies Record<GuardedOperation, { description: string }>,
});

const PendingStateRef = builder.enumType('PendingState', {
  description: 'What became of a change that had to wait.',
  values: {
    PENDING: { description: 'It waits: nothing has changed.' },
    DONE: { description: 'It was carried out.' },
    REFUSED: { description: 'When its time had come, it could not be carried out; `code` says why.' },
    CANCELLED: { description: 'It was called off.' },
    EXPIRED: { description: 'It was not approved in time.' },
  } satisfies Record<PendingState, { description: string }>,
});

type Standing = PendingChange['askedBy'];

const StandingRef = builder.objectRef<Standing>('Standing').implement({
  description: 'Who asked for a change, or approved it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the member, or of the token of a program.' }),
    memberId: t.exposeID('memberId', { nullable: true, description: 'The member’s external id; null for a program.' }),
    tokenId: t.exposeID('tokenId', { description: 'The token that was used.' }),
  }),
});

const ApprovalRef = builder.objectRef<Standing & { readonly at: number }>('Approval').implement({
  description: 'That a member approved a change.',
  fields: (t) => ({
    by: t.field({ type: StandingRef, description: 'Who.', resolve: (approval) => approval }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
  }),
});

const PlannedChangeRef = builder.objectRef<Planned>('PlannedChange').implement({
  description: 'One thing that a change would do, as the log will tell of it.',
  fields: (t) => ({
    action: t.exposeString('action', { description: 'The key of the action, such as `annals.member_role_changed`.' }),
    targets: t.field({
      type: [LogTargetRef],
      description: 'What it concerns; a member is one of them.',
      resolve: ({ affectedUser, targets }) =>
        [...(affectedUser ? [{ type: 'member', ...affectedUser }] : []), ...(targets ?? [])].map(
          ({ type, id = null, name = null }) => ({ type, id, name }),
        ),
    }),
    changes: t.field({
      type: [LogChangeRef],
      description: 'Fields that would change. Of an e-mail address, only that it would.',
      resolve: ({ changes }) =>
        (changes ?? []).map(({ field, before = null, after = null }) => ({ field, before, after })),
    }),
  }),
});

export const PendingChangeRef = builder.objectRef<PendingChange>('PendingChange').implement({
  description: 'A change that was asked for and that the organization guards: it waits, or is over.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A UUID.' }),
    message: t.exposeString('message', { description: 'Where it stands, in words.' }),
    operations: t.expose('operations', { type: [GuardedOperationRef], description: 'Why it had to wait.' }),
    state: t.expose('state', { type: PendingStateRef, description: 'What became of it.' }),
    planned: t.expose('planned', {
      type: [PlannedChangeRef],
      description: 'What it would have changed when it was asked for; up to 50.',
    }),
    plannedCount: t.exposeInt('plannedCount', { description: 'How many changes that were.' }),
    askedBy: t.expose('askedBy', { type: StandingRef, description: 'Who asked for it.' }),
    approvals: t.expose('approvals', { type: [ApprovalRef], description: 'Who approved it.' }),
    approvalsNeeded: t.exposeInt('approvalsNeeded', {
      description: 'How many members have to approve it: other persons than the one who asked, and than each other.',
    }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    dueAt: t.expose('dueAt', { type: 'DateTime', description: 'From when on it can be carried out.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends if it was not carried out.' }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'Why it was refused: the code of an error.',
    }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true, description: 'When it was over.' }),
  }),
});

const PendingChangePageRef = builder.objectRef<ListPage<PendingChange>>('PendingChangePage').implement({
  description: 'Changes that had to wait, the newest first.',
  fields: (t) => ({
    nodes: t.expose('nodes', { type: [PendingChangeRef], description: 'The changes of this page.' }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are more after this page.' }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'For `after`, to go on; null on an empty page.',
    }),
  }),
});

builder.queryField('pendingChanges', (t) =>
  t.field({
    type: PendingChangePageRef,
    description:
      'Changes that wait because the organization guards them, of the kinds that you could ask for yourself. Needs one of MANAGE_MEMBERS, MANAGE_TOKENS and MANAGE_ORGANIZATION.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
      after: t.arg.string({ description: 'Only what comes after this, such as `endCursor`.' }),
      state: t.arg({ type: PendingStateRef, description: 'Only these; without it those that wait.' }),
    },
    resolve: (_, args, context) => context.services.administration.pendingChanges(caller(context), args),
  }),
);

builder.mutationFields((t) => ({
  approveChange: t.field({
    type: PendingChangeRef,
    nullable: true,
    description:
      'Approves a change that somebody else asked for, and that you could ask for yourself. It is carried out as soon as nothing else is missing. Null where there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }, context) => context.services.administration.approveChange(caller(context), id),
  }),
  cancelChange: t.field({
    type: PendingChangeRef,
    nullable: true,
    description: 'Calls a change off that waits: one that you asked for, or could ask for. Null where there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }, context) => context.services.administration.cancelChange(caller(context), id),
  }),
}));
