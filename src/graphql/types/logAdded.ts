import type { LiveBatch, LiveNotice } from '../../live/live.ts';
import { builder } from '../builder.ts';
import { callerWith, needs } from '../guard.ts';
import { untilLost } from '../inTime.ts';
import { createLoaders } from '../loaders.ts';
import { LogEntryRef } from '../refs.ts';
import { throughView, viewArgs } from '../viewed.ts';
import { LogFilterRef } from './logFilter.ts';

const NoticeCodeRef = builder.enumType('LiveNoticeCode', {
  description: 'What a notice is about. All but RIGHTS_CHANGED are the last thing a stream says.',
  values: {
    RIGHTS_CHANGED: { description: 'Another part of the log is visible from here on; the stream goes on.' },
    VISIBILITY_LOST: { description: 'Nothing of this stream is visible any more.' },
    UNAUTHENTICATED: { description: 'The credential was revoked or has expired.' },
    ADDRESS_NOT_ALLOWED: { description: 'The credential may not be used from this address any more.' },
    SERVER_STOPPING: { description: 'Connect again and subscribe with the last cursor; nothing is lost.' },
  },
});

const NoticeRef = builder.objectRef<LiveNotice>('LiveNotice').implement({
  description: 'Something a subscriber must know besides entries.',
  fields: (t) => ({
    code: t.expose('code', { type: NoticeCodeRef, description: 'For programs.' }),
    message: t.exposeString('message', { description: 'For people.' }),
  }),
});

const LogBatchRef = builder.objectRef<LiveBatch>('LogBatch').implement({
  description:
    'What a subscription delivers: one entry at a time when little happens, many when it is behind. The first comes at once.',
  fields: (t) => ({
    entries: t.field({
      type: [LogEntryRef],
      description: 'In the order of the log; empty at the start and as a sign of life.',
      resolve: ({ entries }) => entries,
    }),
    cursor: t.exposeString('cursor', {
      description: 'Everything up to here was delivered. Subscribe `after` it, with the same filter, to go on.',
    }),
    caughtUp: t.exposeBoolean('caughtUp', {
      description: 'Whether the stream had reached the end of the log when this batch was made.',
    }),
    notice: t.expose('notice', {
      type: NoticeRef,
      nullable: true,
      description: 'Something to know besides entries; mostly null.',
    }),
  }),
});

builder.subscriptionField('logAdded', (t) =>
  t.field({
    ...needs('READ'),
    type: LogBatchRef,
    description:
      'Entries as they are recorded, under the same visibility as `logs`: history after `after`, then live, in order, without gap or repeat.',
    args: {
      after: t.arg.string({
        description:
          'Start after this cursor: of an edge, a `headCursor`, or a batch’s. Left out: from now on, without history.',
      }),
      filter: t.arg({ type: LogFilterRef, description: 'Only entries that match; all without it.' }),
      ...viewArgs,
    },
    // The domain’s own iterator: whoever ends the subscription ends it there.
    subscribe: async (_, { after, ...asked }, context) => {
      const principal = callerWith(context, 'READ');
      // Through a view, by what it filters by now: a stream is of one filter, as its cursors are.
      const { filter } = await throughView(context.services, principal, asked);
      const options = { after: after ?? null, filter, renewals: context.renewals };
      return untilLost(context.services.live.subscribe(principal, options), context);
    },
    resolve: (batch, _, context) => {
      // Runs before everything below it: no batch is answered with the rights or the names of an earlier one.
      context.answering = { batch, lost: false };
      context.principal = batch.principal;
      context.loaders = createLoaders(context.services, batch.principal);
      return batch;
    },
  }),
);
