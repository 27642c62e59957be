import type { InputShapeFromFields } from '@pothos/core';
import type { Principal } from '../../auth/auth.ts';
import type { ListOrder } from '../../model/cursor.ts';
import type { Entry } from '../../model/entry.ts';
import type { LogPage, PageArguments } from '../../query/query.ts';
import { builder } from '../builder.ts';
import type { Services } from '../context.ts';
import { callerWith, needs } from '../guard.ts';
import { entryUuid } from '../ids.ts';
import type { Loaders } from '../loaders.ts';
import { LogEntryRef } from '../refs.ts';
import { throughView, viewArgs } from '../viewed.ts';
import { LogFilterRef } from './logFilter.ts';

export interface Connection {
  readonly page: LogPage;
  /** Counts once, however many fields ask. */
  readonly count: LogPage['totalCount'];
}

/** The page as a connection. */
export function connectionOf(page: LogPage): Connection {
  let counted: ReturnType<LogPage['totalCount']> | undefined;
  return {
    page,
    count: () => {
      counted ??= page.totalCount();
      return counted;
    },
  };
}

/** What any page knows of itself. */
interface PageLike extends Pick<LogPage, 'hasNextPage' | 'hasPreviousPage'> {
  readonly edges: readonly { readonly cursor: string }[];
}

export const PageInfoRef = builder.objectRef<PageLike>('PageInfo').implement({
  description: 'Where a page stands among the others.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      description: 'Whether there is more after the last of this page.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Whether there is more before the first of this page.',
    }),
    startCursor: t.string({
      nullable: true,
      description: 'Cursor of the first one, for `before`; null on an empty page.',
      resolve: ({ edges }) => edges[0]?.cursor ?? null,
    }),
    endCursor: t.string({
      nullable: true,
      description: 'Cursor of the last one, for `after`; null on an empty page.',
      resolve: ({ edges }) => edges.at(-1)?.cursor ?? null,
    }),
  }),
});

const LogEdgeRef = builder.objectRef<{ readonly cursor: string; readonly entry: Entry }>('LogEdge').implement({
  description: 'An entry and its place in the result.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description:
        'The place of this entry. Opaque; works in `logs` of the same organization with the same filter and order, and, in the order of the log, in `logAdded(after:)`.',
    }),
    node: t.field({ type: LogEntryRef, description: 'The entry.', resolve: ({ entry }) => entry }),
  }),
});

export const LogConnectionRef = builder.objectRef<Connection>('LogConnection').implement({
  description: 'A page of the log.',
  fields: (t) => ({
    edges: t.field({
      type: [LogEdgeRef],
      description: 'The entries of this page with their cursors, in the order asked for.',
      resolve: ({ page }) => page.edges,
    }),
    nodes: t.field({
      type: [LogEntryRef],
      description: 'The same entries without cursors.',
      resolve: ({ page }) => page.edges.map(({ entry }) => entry),
    }),
    pageInfo: t.field({ type: PageInfoRef, description: 'How to go on from here.', resolve: ({ page }) => page }),
    headCursor: t.string({
      description:
        'The end of the log as this page saw it, also when the page is empty. `logAdded(after:)` with it and the same filter delivers what came since, without gap or repeat.',
      resolve: ({ page }) => page.headCursor(),
    }),
    totalCount: t.int({
      description:
        'Number of visible entries that match the filter, on all pages; at most 10,000. Counted only when asked for.',
      resolve: async ({ count }) => (await count()).count,
    }),
    totalCountIsExact: t.boolean({
      description: 'False where `totalCount` stopped at its limit and there are more.',
      resolve: async ({ count }) => (await count()).exact,
    }),
  }),
});

export const LogOrderFieldRef = builder.enumType('LogOrderField', {
  description: 'What a page is ordered by.',
  values: {
    RECORDED_AT: { description: 'When the entries were recorded: the order of the log.' },
    OCCURRED_AT: {
      description:
        'When they happened, by the source’s clock, which may be wrong or late; of equal times, when they were recorded. Cursors are those of this order; `headCursor` is of the log’s.',
    },
  } satisfies Record<ListOrder, { description: string }>,
});

export const OrderDirectionRef = builder.enumType('OrderDirection', {
  description: 'Which way an order goes.',
  values: { ASC: { description: 'Oldest first.' }, DESC: { description: 'Newest first.' } },
});

export const LogOrderRef = builder.inputType('LogOrder', {
  description: 'How a page is ordered.',
  fields: (t) => ({
    field: t.field({ type: LogOrderFieldRef, defaultValue: 'RECORDED_AT', description: 'What it is ordered by.' }),
    direction: t.field({ type: OrderDirectionRef, defaultValue: 'DESC', description: 'Which way it goes.' }),
  }),
});

export const logsArgs = builder.args((t) => ({
  first: t.int({
    description: 'At most so many from the start, or after `after`; 0 to 500. Without `first` and `last`, 50.',
  }),
  after: t.string({ description: 'Only what comes after this cursor, such as `pageInfo.endCursor`.' }),
  last: t.int({ description: 'At most so many from the end, or before `before`; 0 to 500.' }),
  before: t.string({ description: 'Only what comes before this cursor, such as `pageInfo.startCursor`.' }),
  filter: t.field({ type: LogFilterRef, description: 'Only entries that match; all without it.' }),
  order: t.field({ type: LogOrderRef, description: 'How the page is ordered; newest first without it.' }),
}));

type PageAsked = InputShapeFromFields<typeof logsArgs>;

/** The page that is asked for; the filter names the product’s own ids. */
export const pageOf = ({ first, after, last, before, filter, order }: PageAsked): PageArguments => ({
  first: first ?? null,
  after: after ?? null,
  last: last ?? null,
  before: before ?? null,
  filter: filter ?? null,
  order: order?.field ?? null,
  direction: order?.direction ?? null,
});

/** A page of what the principal sees, as asked for; the filter names the product’s own ids. */
export const readLogs = async (services: Services, principal: Principal, asked: PageAsked): Promise<Connection> =>
  connectionOf(await services.query.logs(principal, pageOf(asked)));

builder.queryField('logs', (t) =>
  t.field({
    ...needs('READ'),
    type: LogConnectionRef,
    description:
      'A page of the entries that the caller sees, newest first unless ordered otherwise. Pages forward with `first` and `after`, backward with `last` and `before`.',
    args: { ...logsArgs, ...viewArgs },
    resolve: async (_, args, context) => {
      const principal = callerWith(context, 'READ');
      const { filter, order } = await throughView(context.services, principal, args);
      return readLogs(context.services, principal, { ...args, filter, order: args.order ?? order });
    },
  }),
);

export const logArgs = builder.args((t) => ({
  id: t.id({ required: true, description: 'Its id, `entry:<uuid>`, or the bare UUID.' }),
}));

/** The entry with this id, in either form; null for a hidden and for a missing one. */
export function readLog(loaders: Pick<Loaders, 'entry'>, id: string): Promise<Entry | null> | null {
  const uuid = entryUuid(id);
  return uuid === null ? null : loaders.entry.load(uuid);
}

builder.queryField('log', (t) =>
  t.field({
    ...needs('READ'),
    type: LogEntryRef,
    nullable: true,
    description: 'One entry. Null when it does not exist or is not visible; the two cannot be told apart.',
    args: logArgs,
    resolve: (_, { id }, { loaders }) => readLog(loaders, id),
  }),
);
