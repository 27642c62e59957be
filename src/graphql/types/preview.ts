/** The log through a member’s eyes: the same reading as of the root fields, under the member’s rights. */
import type { Principal } from '../../auth/auth.ts';
import type { LogFilter } from '../../query/filter.ts';
import { bareFilter } from '../bareFilter.ts';
import { builder } from '../builder.ts';
import type { AnnalsContext } from '../context.ts';
import { callerWith, needs } from '../guard.ts';
import { bareId } from '../ids.ts';
import { createLoaders, type Loaders } from '../loaders.ts';
import { ActorRef, DirectoryRef, LogEntryRef } from '../refs.ts';
import { actorsArgs, readActors } from './actor.ts';
import { directoriesArgs, readDirectories } from './directory.ts';
import { LogConnectionRef, logArgs, logsArgs, readLog, readLogs } from './logConnection.ts';
import {
  FilterValueRef,
  filterValuesArgs,
  LogStatisticsRef,
  logStatisticsArgs,
  readFilterValues,
  readStatistics,
} from './statistics.ts';

interface Preview {
  readonly principal: Principal;
  readonly loaders: Loaders;
  /** Values whose fields depend on who reads them. */
  readonly mark: (value: object) => void;
}

function previewOf(principal: Principal, context: AnnalsContext): Preview {
  const previewed = context.previewed ?? new WeakMap<object, Loaders>();
  context.previewed = previewed;
  const mark = (value: object): void => void previewed.set(value, loaders);
  const loaders = createLoaders(context.services, principal, mark);
  return { principal, loaders, mark };
}

const bare = <T extends { readonly filter?: LogFilter | null | undefined }>(args: T) => ({
  ...args,
  filter: bareFilter(args.filter),
});

const PreviewRef = builder.objectRef<Preview>('Preview').implement({
  description:
    'The log as a member sees it now. Every field answers what the same root field answers the member, without what is hidden from the caller’s own role.',
  fields: (t) => ({
    logs: t.field({
      type: LogConnectionRef,
      description: 'A page of the entries that the member sees.',
      args: logsArgs,
      resolve: async ({ principal, mark }, args, { services }) => {
        const connection = await readLogs(services, callerWith({ principal }, 'READ'), bare(args));
        for (const { entry } of connection.page.edges) mark(entry);
        return connection;
      },
    }),
    log: t.field({
      type: LogEntryRef,
      nullable: true,
      description: 'One entry; null when it does not exist or the member does not see it.',
      args: logArgs,
      resolve: ({ principal, loaders }, { id }) => {
        callerWith({ principal }, 'READ');
        return readLog(loaders, id);
      },
    }),
    logStatistics: t.field({
      type: LogStatisticsRef,
      description: 'Counts of the entries that the member sees.',
      args: logStatisticsArgs,
      resolve: async ({ principal, mark }, args, { services }, info) => {
        const statistics = await readStatistics(services, callerWith({ principal }, 'READ'), bare(args), info);
        for (const { keys } of statistics.groups) keys.forEach(mark);
        return statistics;
      },
    }),
    filterValues: t.field({
      type: [FilterValueRef],
      description: 'The values of a field in the entries that the member sees, the most frequent first.',
      args: filterValuesArgs,
      resolve: async ({ principal, mark }, args, { services }) => {
        const found = await readFilterValues(services, callerWith({ principal }, 'READ'), bare(args));
        for (const { key } of found) mark(key);
        return found;
      },
    }),
    actors: t.field({
      type: [ActorRef],
      description: 'The actors of entries that the member sees, by name.',
      args: actorsArgs,
      resolve: ({ principal }, args, { services }) => readActors(services, callerWith({ principal }, 'READ'), args),
    }),
    directories: t.field({
      type: [DirectoryRef],
      description: 'The directories that the member has sufficient grants on, or sees entries of, by name.',
      args: directoriesArgs,
      resolve: async ({ principal, mark }, args, { services }) => {
        const directories = await readDirectories(services, callerWith({ principal }, 'READ'), args);
        directories.forEach(mark);
        return directories;
      },
    }),
  }),
});

builder.queryField('asMember', (t) =>
  t.field({
    ...needs('MANAGE_MEMBERS'),
    type: PreviewRef,
    nullable: true,
    description:
      'The log through a member’s eyes, for callers that manage members and see the whole log. Each preview is itself recorded. Null when there is no such member.',
    args: { member: t.arg.id({ required: true, description: 'Its external id, or the global id of its actor.' }) },
    resolve: async (_, { member }, context) => {
      const principal = callerWith(context, 'MANAGE_MEMBERS');
      const eyes = await context.services.previews.previewAs(principal, bareId('actor', member));
      return eyes === null ? null : previewOf(eyes, context);
    },
  }),
);
