import type { InputShapeFromFields } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import type { Principal } from '../../auth/auth.ts';
import type { Interval } from '../../model/zone.ts';
import type { Bucket, Group, LogDimension, Rest, Statistics, StatisticsKey, ValueCount } from '../../query/query.ts';
import { actionFor, catalogueFor, categoryFor } from '../absent.ts';
import { asksFor } from '../asked.ts';
import { builder } from '../builder.ts';
import type { Services } from '../context.ts';
import { callerWith, needs } from '../guard.ts';
import { partOf, sharedPartOf } from '../previewed.ts';
import { ActionRef, ActorRef, DirectoryRef, EventCategoryRef } from '../refs.ts';
import { throughView, viewArgs } from '../viewed.ts';
import { LogFilterRef } from './logFilter.ts';
import { values } from './vocabulary.ts';

const IntervalRef = builder.enumType('Interval', {
  description: 'How long a bucket of statistics is, by the calendar and the clock of a time zone.',
  values: values<Interval>({
    HOUR: 'From one full hour to the next. Where the clocks go back an hour, that hour is two.',
    DAY: 'From midnight to midnight: 23 or 25 hours when the clocks change.',
    WEEK: 'From Monday to Monday.',
    MONTH: 'From the first of a month to the first of the next.',
  }),
});

const LogDimensionRef = builder.enumType('LogDimension', {
  description: 'What entries can have in common.',
  values: values<LogDimension>({
    CATEGORY: 'The event category; none for an action of no catalogue that this server loads.',
    ACTION: 'The action.',
    ACTION_GROUP: 'The action’s group inside its category, by name.',
    CATALOGUE: 'The catalogue of the action.',
    ACTOR: 'Who did it; none where the entry states no id.',
    AFFECTED_USER: 'To whom it was done.',
    DIRECTORY: 'The vault or folder it happened in.',
    OUTCOME: 'How it ended.',
    COMPONENT: 'The part of the product.',
    SEVERITY: 'How serious it is.',
    IP: 'The address it came from.',
  }),
});

export const LogTimeRef = builder.enumType('LogTime', {
  description: 'One of the two times of an entry.',
  values: {
    OCCURRED_AT: { value: 'occurredAt', description: 'When it happened, by the source’s clock.' },
    RECORDED_AT: { value: 'recordedAt', description: 'When it was recorded, by the server’s clock.' },
  } as const,
});

const firstSeen = 'When the first of them happened, or was recorded; null where there are none.';
const lastSeen = 'When the last of them happened, or was recorded; null where there are none.';
const actors = 'How many different actors with an id did them. Costs more than counting entries.';

const BucketRef = builder.objectRef<Bucket>('StatisticsBucket').implement({
  description: 'The entries of one stretch of time.',
  fields: (t) => ({
    start: t.expose('start', { type: 'DateTime', description: 'Where it begins; inclusive.' }),
    end: t.expose('end', { type: 'DateTime', description: 'Where the next begins; exclusive.' }),
    count: t.exposeInt('count', { description: 'How many entries; 0 in a bucket without any.' }),
    distinctActors: t.exposeInt('distinctActors', { description: actors }),
  }),
});

/** The name that people know a value by. */
function nameOf({ dimension, value, actor, directory }: StatisticsKey, { catalogue }: Services): string | null {
  if (value === null) return null;
  switch (dimension) {
    case 'ACTION':
      return actionFor(catalogue, value).name;
    case 'CATEGORY':
      return categoryFor(catalogue, value).name;
    case 'CATALOGUE':
      return catalogueFor(catalogue, value).name;
    default:
      return actor?.name ?? directory?.name ?? null;
  }
}

const KeyRef = builder.objectRef<StatisticsKey>('StatisticsKey').implement({
  description: 'What the entries of a group have in common in one dimension.',
  fields: (t) => ({
    dimension: t.expose('dimension', { type: LogDimensionRef, description: 'Which dimension it is.' }),
    value: t.exposeString('value', {
      nullable: true,
      description:
        'A key, an external id, a word or a number: as a filter on the dimension takes it. Null for entries without a value.',
    }),
    name: t.string({
      nullable: true,
      description: 'The name for people, of an action, a category, a catalogue, a person or a place.',
      resolve: (key, _, { services }) => nameOf(key, services),
    }),
    action: t.field({
      type: ActionRef,
      nullable: true,
      description: 'The action, in the dimension ACTION.',
      resolve: (key, _, context) =>
        key.dimension === 'ACTION' && key.value !== null
          ? sharedPartOf(context, key, actionFor(context.services.catalogue, key.value))
          : null,
    }),
    category: t.field({
      type: EventCategoryRef,
      nullable: true,
      description: 'The category, in the dimension CATEGORY.',
      resolve: (key, _, context) =>
        key.dimension === 'CATEGORY' && key.value !== null
          ? sharedPartOf(context, key, categoryFor(context.services.catalogue, key.value))
          : null,
    }),
    actor: t.field({
      type: ActorRef,
      nullable: true,
      description: 'The person or program, in the dimensions ACTOR and AFFECTED_USER.',
      resolve: ({ actor }) => actor,
    }),
    directory: t.field({
      type: DirectoryRef,
      nullable: true,
      description: 'The vault or folder, in the dimension DIRECTORY.',
      resolve: (key, _, context) => key.directory && partOf(context, key, key.directory),
    }),
  }),
});

const GroupRef = builder.objectRef<Group>('StatisticsGroup').implement({
  description: 'Entries that agree in the dimensions asked for.',
  fields: (t) => ({
    keys: t.expose('keys', { type: [KeyRef], description: 'One for each dimension, in the order of `groupBy`.' }),
    count: t.exposeInt('count', { description: 'How many entries.' }),
    firstSeen: t.expose('first', { type: 'DateTime', nullable: true, description: firstSeen }),
    lastSeen: t.expose('last', { type: 'DateTime', nullable: true, description: lastSeen }),
    distinctActors: t.exposeInt('distinctActors', { description: actors }),
    buckets: t.expose('buckets', { type: [BucketRef], description: 'The group over time; the buckets of the whole.' }),
  }),
});

const RestRef = builder.objectRef<Rest>('StatisticsRest').implement({
  description: 'All groups beyond the top, as one.',
  fields: (t) => ({
    groups: t.exposeInt('groups', { description: 'How many groups are in it.' }),
    count: t.exposeInt('count', { description: 'How many entries.' }),
    firstSeen: t.expose('first', { type: 'DateTime', nullable: true, description: firstSeen }),
    lastSeen: t.expose('last', { type: 'DateTime', nullable: true, description: lastSeen }),
    distinctActors: t.exposeInt('distinctActors', { description: actors }),
    buckets: t.expose('buckets', { type: [BucketRef], description: 'The rest over time; the buckets of the whole.' }),
  }),
});

export const LogStatisticsRef = builder.objectRef<Statistics>('LogStatistics').implement({
  description: 'Counts of the entries that the caller sees and the filter lets through; always exact.',
  fields: (t) => ({
    total: t.exposeInt('count', { description: 'How many entries.' }),
    firstSeen: t.expose('first', { type: 'DateTime', nullable: true, description: firstSeen }),
    lastSeen: t.expose('last', { type: 'DateTime', nullable: true, description: lastSeen }),
    distinctActors: t.exposeInt('distinctActors', { description: actors }),
    time: t.expose('time', { type: LogTimeRef, description: 'By which time it is counted.' }),
    timeZone: t.exposeString('timeZone', { description: 'In whose days and hours the buckets are.' }),
    buckets: t.expose('buckets', {
      type: [BucketRef],
      description: 'One after the other over the whole period, empty ones included; none without `interval`.',
    }),
    groups: t.expose('groups', {
      type: [GroupRef],
      description: 'The largest groups, the largest first; none without `groupBy`.',
    }),
    rest: t.expose('rest', {
      type: RestRef,
      nullable: true,
      description: 'All other groups as one; null where `groups` has all.',
    }),
  }),
});

export const logStatisticsArgs = builder.args((t) => ({
  filter: t.field({ type: LogFilterRef, description: 'Only entries that match; all without it.' }),
  interval: t.field({
    type: IntervalRef,
    description: 'Counts over time, in buckets of this length, over the period that the filter bounds.',
  }),
  groupBy: t.field({
    type: [LogDimensionRef],
    description: 'Counts by what entries have in common: one or two dimensions.',
  }),
  timeZone: t.string({
    description: 'IANA name, such as `Europe/Vienna`, or an offset, such as `+05:30`; UTC without it.',
  }),
  time: t.field({
    type: LogTimeRef,
    description: 'By which time to count. Without it, RECORDED_AT where the filter bounds only that, else OCCURRED_AT.',
  }),
  top: t.int({ defaultValue: 10, description: 'So many of the largest groups are told apart, 0 to 500.' }),
}));

/** What the principal sees, counted as asked for; the filter names the product’s own ids. */
export const readStatistics = (
  { query }: Services,
  principal: Principal,
  asked: InputShapeFromFields<typeof logStatisticsArgs>,
  info: GraphQLResolveInfo,
): Promise<Statistics> =>
  query.statistics(principal, {
    filter: asked.filter ?? null,
    interval: asked.interval ?? null,
    groupBy: asked.groupBy ?? null,
    timeZone: asked.timeZone ?? null,
    time: asked.time ?? null,
    top: asked.top ?? null,
    distinctActors: asksFor(info, 'distinctActors'),
  });

builder.queryField('logStatistics', (t) =>
  t.field({
    ...needs('READ'),
    type: LogStatisticsRef,
    description: 'Counts of the entries that the caller sees: over time, and by what they have in common.',
    args: { ...logStatisticsArgs, ...viewArgs },
    resolve: async (_, args, context, info) => {
      const principal = callerWith(context, 'READ');
      const { filter } = await throughView(context.services, principal, args);
      return readStatistics(context.services, principal, { ...args, filter }, info);
    },
  }),
);

export const FilterValueRef = builder.objectRef<ValueCount>('FilterValue').implement({
  description: 'A value that entries have, and how often.',
  fields: (t) => ({
    key: t.expose('key', { type: KeyRef, description: 'The value, and what stands behind it.' }),
    count: t.exposeInt('count', { description: 'How many entries have it.' }),
    firstSeen: t.expose('first', { type: 'DateTime', nullable: true, description: firstSeen }),
    lastSeen: t.expose('last', { type: 'DateTime', nullable: true, description: lastSeen }),
  }),
});

export const filterValuesArgs = builder.args((t) => ({
  field: t.field({ type: LogDimensionRef, required: true, description: 'Whose values.' }),
  filter: t.field({ type: LogFilterRef, description: 'Only values of entries that match; of all without it.' }),
  search: t.string({
    description: 'Only values that contain this text, or whose name does; case does not matter.',
  }),
  first: t.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
}));

/** The values that the principal sees, as asked for; the filter names the product’s own ids. */
export const readFilterValues = (
  { query }: Services,
  principal: Principal,
  { field, filter, search, first }: InputShapeFromFields<typeof filterValuesArgs>,
): Promise<ValueCount[]> =>
  query.filterValues(principal, field, { filter: filter ?? null, search: search ?? null, first: first ?? null });

builder.queryField('filterValues', (t) =>
  t.field({
    ...needs('READ'),
    type: [FilterValueRef],
    description:
      'The values of a field in the entries that the caller sees, the most frequent first; for the choices of a filter.',
    args: { ...filterValuesArgs, ...viewArgs },
    resolve: async (_, args, context) => {
      const principal = callerWith(context, 'READ');
      const { filter } = await throughView(context.services, principal, args);
      return readFilterValues(context.services, principal, { ...args, filter });
    },
  }),
);
