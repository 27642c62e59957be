import type { AnnalsError } from '../../errors.ts';
import type { AppendOutcome } from '../../log/log.ts';
import type { EntryInput } from '../../model/entry.ts';
import { builder } from '../builder.ts';
import { callerWith, needs } from '../guard.ts';
import { globalId } from '../ids.ts';
import { LogEntryRef } from '../refs.ts';
import { EntryInputRef } from './entryInput.ts';

const RecordLogsInputRef = builder.inputType('RecordLogsInput', {
  description: 'Entries to record.',
  fields: (t) => ({
    entries: t.field({
      type: [EntryInputRef],
      required: true,
      description: 'At most 1,000, recorded in this order.',
    }),
    allOrNothing: t.boolean({
      defaultValue: false,
      description:
        'True: when one entry is not valid, none is recorded, and the others get BATCH_REFUSED. False: each stands for itself.',
    }),
  }),
});

const RecordStatusRef = builder.enumType('RecordStatus', {
  description: 'What became of an entry.',
  values: {
    CREATED: { description: 'It was recorded, and survives a crash from now on.' },
    REPEATED: {
      description: 'Its idempotency key had recorded the same content before; the result names that first entry.',
    },
  },
});

interface RecordError extends Pick<AnnalsError, 'code' | 'message' | 'cure'> {
  readonly path: string | null;
}

const RecordErrorRef = builder.objectRef<RecordError>('RecordError').implement({
  description: 'Why one entry was not recorded, and what would be right.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'For programs: UNKNOWN_ACTION, ENTRY_INVALID, ENTRY_TOO_LARGE, OCCURRED_IN_FUTURE, IDEMPOTENCY_CONFLICT or BATCH_REFUSED.',
    }),
    message: t.exposeString('message', { description: 'What was wrong.' }),
    cure: t.exposeString('cure', { description: 'What to do about it.' }),
    path: t.exposeString('path', {
      nullable: true,
      description: 'The field of the entry, such as `targets[2].id`; null where it is the entry as a whole.',
    }),
  }),
});

const RecordResultRef = builder.objectRef<AppendOutcome>('RecordLogsResult').implement({
  description: 'What became of one entry: either `id` and `status`, or `error`.',
  fields: (t) => ({
    id: t.id({
      nullable: true,
      description: 'The entry’s global id, as in `LogEntry.id`; null where it was not recorded.',
      resolve: ({ id }) => (id === null ? null : globalId('entry', id)),
    }),
    status: t.expose('status', {
      type: RecordStatusRef,
      nullable: true,
      description: 'Null where it was not recorded.',
    }),
    entry: t.field({
      type: LogEntryRef,
      nullable: true,
      description: 'The entry as recorded; null where it was not, and where the caller does not see it.',
      resolve: ({ id }, _, { loaders }) => (id === null ? null : loaders.entry.load(id)),
    }),
    error: t.field({
      type: RecordErrorRef,
      nullable: true,
      description: 'Null where it was recorded.',
      // Never the error itself: GraphQL takes an Error as the failure of the field.
      resolve: ({ error }) =>
        error === null
          ? null
          : { code: error.code, message: error.message, cure: error.cure, path: error.path ?? null },
    }),
  }),
});

const RecordLogsPayloadRef = builder
  .objectRef<{ readonly results: readonly AppendOutcome[] }>('RecordLogsPayload')
  .implement({
    description: 'What became of the entries.',
    fields: (t) => ({
      results: t.expose('results', { type: [RecordResultRef], description: 'One per entry, in the order sent.' }),
    }),
  });

builder.mutationField('recordLogs', (t) =>
  t.field({
    ...needs('RECORD'),
    type: RecordLogsPayloadRef,
    description:
      'Records what happened. What it answers CREATED is durable. One bad entry never refuses the others, unless asked for. With an idempotency key on each entry the whole call can be repeated safely.',
    args: { input: t.arg({ type: RecordLogsInputRef, required: true, description: 'The entries.' }) },
    resolve: (_, { input }, context) => {
      const principal = callerWith(context, 'RECORD');
      // Metadata may be any JSON here; that it is an object is judged with the rest of the row.
      const entries: readonly unknown[] = input.entries;
      return context.services.limits
        .record(principal, entries as readonly EntryInput[], {
          allOrNothing: input.allOrNothing ?? false,
          fromCaller: true,
        })
        .then((results) => ({ results }));
    },
  }),
);
