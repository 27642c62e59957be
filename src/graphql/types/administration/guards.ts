/** What an organization asks for before an operation is carried out. */
import type { PendingChange } from '../../../administration/administration.ts';
import type { Guard } from '../../../model/guard.ts';
import { builder } from '../../builder.ts';
import { callerWith, needs } from '../../guard.ts';
import { GuardedOperationRef, PendingChangeRef } from './pendingChange.ts';

const GuardRef = builder.objectRef<Guard>('Guard').implement({
  description: 'What is asked for before an operation is carried out.',
  fields: (t) => ({
    operation: t.expose('operation', { type: GuardedOperationRef, description: 'The operation.' }),
    delaySeconds: t.exposeInt('delaySeconds', { description: 'How long it waits; 0 not at all.' }),
    secondPerson: t.exposeBoolean('secondPerson', { description: 'Whether another person has to approve it.' }),
  }),
});

const SetGuardInputRef = builder.inputType('SetGuardInput', {
  description: 'The whole setting of one operation.',
  fields: (t) => ({
    operation: t.field({
      type: GuardedOperationRef,
      required: true,
      description: 'The operation; CHANGE_GUARDS follows from the others and is not set.',
    }),
    delaySeconds: t.int({ required: true, description: 'How long it waits: 0 to 2,592,000 seconds (30 days).' }),
    secondPerson: t.boolean({ required: true, description: 'Whether another person has to approve it.' }),
  }),
});

const SetGuardPayloadRef = builder
  .objectRef<{ readonly guards: readonly Guard[]; readonly pending: PendingChange | null }>('SetGuardPayload')
  .implement({
    description: 'What the organization guards now.',
    fields: (t) => ({
      guards: t.expose('guards', { type: [GuardRef], description: 'All settings, as they are in force.' }),
      pending: t.expose('pending', {
        type: PendingChangeRef,
        nullable: true,
        description: 'The change that waits instead, where less is asked for than before.',
      }),
    }),
  });

builder.queryField('guards', (t) =>
  t.field({
    ...needs('MANAGE_ORGANIZATION'),
    type: [GuardRef],
    description: 'What the organization asks for before a guarded operation is carried out.',
    resolve: async (_, __, context) => [
      ...(await context.services.administration.guards(callerWith(context, 'MANAGE_ORGANIZATION'))),
    ],
  }),
);

/** What cannot be set is refused by the domain, which says what can. */
builder.mutationField('setGuard', (t) =>
  t.field({
    ...needs('MANAGE_ORGANIZATION'),
    type: SetGuardPayloadRef,
    description:
      'Says what is asked for before an operation. To ask for more applies at once, also to what waits; to ask for less waits itself.',
    args: { input: t.arg({ type: SetGuardInputRef, required: true, description: 'The setting.' }) },
    resolve: (_, { input: { operation, ...requirement } }, context) =>
      context.services.administration.setGuard(callerWith(context, 'MANAGE_ORGANIZATION'), {
        ...requirement,
        operation: operation as Guard['operation'],
      }),
  }),
);
