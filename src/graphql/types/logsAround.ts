/** An entry and what was recorded around it. */
import type { Principal } from '../../auth/auth.ts';
import type { LogFilter } from '../../query/filter.ts';
import type { EntryPlace } from '../../query/query.ts';
import { builder } from '../builder.ts';
import { callerWith, needs } from '../guard.ts';
import { entryUuid } from '../ids.ts';
import { LogEntryRef } from '../refs.ts';
import { throughView, viewArgs } from '../viewed.ts';
import { LogConnectionRef, readLogs } from './logConnection.ts';
import { LogFilterRef } from './logFilter.ts';

interface Surroundings extends EntryPlace {
  readonly principal: Principal;
  readonly filter: LogFilter | null | undefined;
}

/** Neighbours shown unless asked for others. */
const neighbours = 10;

const SurroundingsRef = builder.objectRef<Surroundings>('LogSurroundings').implement({
  description: 'An entry, and the visible entries that were recorded before and after it.',
  fields: (t) => ({
    entry: t.expose('entry', {
      type: LogEntryRef,
      description: 'The entry asked for, whether it matches the filter or not.',
    }),
    cursor: t.exposeString('cursor', {
      description: 'The place of the entry, for `logs` and `logAdded(after:)` with the same filter.',
    }),
    newer: t.field({
      type: LogConnectionRef,
      description:
        'The nearest that were recorded after it, newest first. To go on: `logs` with `last` and `before: startCursor`.',
      args: { last: t.arg.int({ defaultValue: neighbours, description: 'At most so many; 0 to 500.' }) },
      resolve: ({ principal, cursor, filter }, { last }, { services }) =>
        readLogs(services, principal, { last: last ?? neighbours, before: cursor, filter }),
    }),
    older: t.field({
      type: LogConnectionRef,
      description:
        'The nearest that were recorded before it, newest first. To go on: `logs` with `first` and `after: endCursor`.',
      args: { first: t.arg.int({ defaultValue: neighbours, description: 'At most so many; 0 to 500.' }) },
      resolve: ({ principal, cursor, filter }, { first }, { services }) =>
        readLogs(services, principal, { first: first ?? neighbours, after: cursor, filter }),
    }),
  }),
});

builder.queryField('logsAround', (t) =>
  t.field({
    ...needs('READ'),
    type: SurroundingsRef,
    nullable: true,
    description:
      'An entry and what was recorded around it, in the order of the log. Null when it does not exist or is not visible.',
    args: {
      id: t.arg.id({ required: true, description: 'Its id, `entry:<uuid>`, or the bare UUID.' }),
      filter: t.arg({ type: LogFilterRef, description: 'Only neighbours that match; all without it.' }),
      ...viewArgs,
    },
    resolve: async (_, args, context) => {
      const principal = callerWith(context, 'READ');
      const id = entryUuid(args.id);
      const { filter } = await throughView(context.services, principal, args);
      const found = id === null ? null : await context.services.query.place(principal, id, filter);
      return found === null ? null : { ...found, principal, filter };
    },
  }),
);
