/** Filters that have a name: what they are, and who finds them. */
import type { ListPage, ShownView, ViewOrder, ViewPeriod, ViewProblem } from '../../administration/administration.ts';
import { type PeriodUnit, periodUnits } from '../../model/calendar.ts';
import type { Json } from '../../model/entry.ts';
import type { ViewColumn } from '../../model/view.ts';
import { builder } from '../builder.ts';
import { callerWith, needs } from '../guard.ts';
import { globalId, viewUuid } from '../ids.ts';
import { NodeRef, SavedViewRef } from '../refs.ts';
import { PeriodUnitRef } from './filterConditions.ts';
import { LogOrderFieldRef, OrderDirectionRef } from './logConnection.ts';
import { LogTimeRef } from './statistics.ts';
import { values } from './vocabulary.ts';

export const LogColumnRef = builder.enumType('LogColumn', {
  description: 'A field of an entry, as a column of a table.',
  values: values<ViewColumn>({
    RECORDED_AT: '`recordedAt`.',
    OCCURRED_AT: '`occurredAt`.',
    DESCRIPTION: '`description`.',
    ACTION: '`action`.',
    CATEGORY: '`category`.',
    OUTCOME: '`outcome`.',
    SEVERITY: '`severity`.',
    ACTOR: '`actor`.',
    AFFECTED_USER: '`affectedUser`.',
    VAULT: '`vault`.',
    DIRECTORY: '`directory`.',
    TARGETS: '`targets`.',
    COMPONENT: '`component`.',
    IP: '`ip`.',
    USER_AGENT: '`userAgent`.',
    DEVICE: '`device`.',
    SESSION: '`session`.',
    REQUEST: '`request`.',
    LOCATION: '`location`.',
    CHANGES: '`changes`.',
    METADATA: '`metadata`.',
    POSITION: '`position`; seen by roles that see the whole log.',
    ID: '`id`.',
  }),
});

const SharingRef = builder.enumType('ViewSharing', {
  description: 'Who finds a view.',
  values: values<'PRIVATE' | 'ROLES'>({
    PRIVATE: 'Its owner alone.',
    ROLES: 'Also everyone with one of the roles it is shared with.',
  }),
});

const OrderRef = builder.objectRef<ViewOrder>('SavedLogOrder').implement({
  description: 'How pages through a view are ordered unless they are asked for in another order.',
  fields: (t) => ({
    field: t.expose('field', { type: LogOrderFieldRef, description: 'What they are ordered by.' }),
    direction: t.expose('direction', { type: OrderDirectionRef, description: 'Which way it goes.' }),
  }),
});

type Members = Readonly<Record<string, Json>>;
const membersOf = (value: Json | undefined): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

const RecentRef = builder.objectRef<Members>('SavedRecentPeriod').implement({
  description: 'A period that ends whenever the view is used.',
  fields: (t) => ({
    last: t.int({ description: 'How many units.', resolve: ({ last }) => Number(last) }),
    unit: t.field({
      type: PeriodUnitRef,
      description: 'What it is counted in.',
      resolve: ({ unit }) => text(unit) as PeriodUnit,
    }),
    timeZone: t.string({
      description: 'The time zone whose calendar counts.',
      resolve: ({ timeZone }) => text(timeZone) ?? 'UTC',
    }),
    whole: t.boolean({ description: 'Whether it starts where a unit starts.', resolve: ({ whole }) => whole === true }),
  }),
});

const PeriodRef = builder.objectRef<ViewPeriod>('ViewPeriod').implement({
  description: 'The period of a view: its members all hold, and a missing one is open.',
  fields: (t) => ({
    time: t.expose('time', { type: LogTimeRef, description: 'Which time lies in it.' }),
    gte: t.string({
      nullable: true,
      description: 'This or later, as it was given: RFC 3339; inclusive.',
      resolve: ({ condition }) => text(membersOf(condition).gte),
    }),
    lt: t.string({
      nullable: true,
      description: 'Earlier than this, as it was given; exclusive.',
      resolve: ({ condition }) => text(membersOf(condition).lt),
    }),
    within: t.field({
      type: RecentRef,
      nullable: true,
      description: 'In the last minutes, days or months, counted anew whenever the view is used.',
      resolve: ({ condition }) => {
        const within = membersOf(membersOf(condition).within);
        return periodUnits.some((unit) => unit === within.unit) && Number.isInteger(within.last) ? within : null;
      },
    }),
  }),
});

const ProblemRef = builder.objectRef<ViewProblem>('ViewProblem').implement({
  description: 'Why a view cannot be used.',
  fields: (t) => ({
    code: t.exposeString('code', { description: '`FIELD_HIDDEN` or `VIEW_OUTDATED`.' }),
    message: t.exposeString('message', { description: 'What is wrong, with its place.' }),
    cure: t.exposeString('cure', { description: 'What to do.' }),
  }),
});

const OwnerRef = builder.objectRef<ShownView>('ViewOwner').implement({
  description: 'Whose a view is.',
  fields: (t) => ({
    externalId: t.exposeID('ownerId', { description: 'The product’s own id of the person.' }),
    name: t.exposeString('ownerName', { description: 'The person’s name when it last saved the view.' }),
  }),
});

const unknown = 'Null where there is none, and where your role may not filter by what stands in it (`problem`).';

SavedViewRef.implement({
  description:
    'A filter under a name, with a period, an order and columns. It gives nobody a right: whoever uses it reads what it sees.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({ description: 'The global id: `view:` and a UUID.', resolve: ({ id }) => globalId('view', id) }),
    name: t.exposeString('name', { description: 'Its name; an owner has one view of a name.' }),
    description: t.exposeString('description', { description: 'What it is for; may be empty.' }),
    filter: t.expose('filter', {
      type: 'JSON',
      nullable: true,
      description: `The filter without the period, as it was given: it can be passed to \`filter\` of type LogFilter in a variable. ${unknown}`,
    }),
    wholeFilter: t.expose('whole', {
      type: 'JSON',
      nullable: true,
      description: `Filter and period as one filter, such as \`logs(filter:)\` takes; its cursors are those of \`logs(view:)\`. ${unknown}`,
    }),
    period: t.expose('period', { type: PeriodRef, nullable: true, description: 'When; null for any time.' }),
    order: t.expose('order', { type: OrderRef, description: 'How its pages are ordered.' }),
    columns: t.expose('columns', {
      type: [LogColumnRef],
      description: 'The columns that your role sees, in their order; empty where the view leaves them to who reads.',
    }),
    hiddenColumns: t.expose('hiddenColumns', {
      type: [LogColumnRef],
      description: 'Its other columns: your role is kept from them.',
    }),
    owner: t.field({ type: OwnerRef, description: 'Whose it is.', resolve: (view) => view }),
    mine: t.exposeBoolean('mine', { description: 'Whether it is yours.' }),
    sharing: t.field({
      type: SharingRef,
      description: 'Who finds it.',
      resolve: ({ isShared }) => (isShared ? 'ROLES' : 'PRIVATE'),
    }),
    sharedWith: t.stringList({
      description: 'Keys of the roles it is shared with: all of your own view, else those that you may know of.',
      resolve: ({ sharedWith }) => [...sharedWith],
    }),
    problem: t.expose('problem', {
      type: ProblemRef,
      nullable: true,
      description: 'Why you cannot use it as it is; null where you can.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first saved.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last changed.' }),
  }),
});

const PageRef = builder.objectRef<ListPage<ShownView>>('SavedViewPage').implement({
  description: 'Saved views, the oldest first.',
  fields: (t) => ({
    nodes: t.expose('nodes', { type: [SavedViewRef], description: 'The views of this page.' }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are more after this page.' }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'For `after`, to go on; null on an empty page.',
    }),
  }),
});

builder.queryFields((t) => ({
  savedViews: t.field({
    ...needs('READ'),
    type: PageRef,
    description:
      'Your saved views and those that are shared with your role; for callers that manage roles, those shared with any role within their own.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
      after: t.arg.string({ description: 'Only what comes after this, such as `endCursor`.' }),
      name: t.arg.string({ description: 'Only those with exactly this name.' }),
    },
    resolve: (_, args, context) => context.services.administration.views(callerWith(context, 'READ'), args),
  }),
  savedView: t.field({
    ...needs('READ'),
    type: SavedViewRef,
    nullable: true,
    description: 'One saved view. Null when it does not exist or you may not use it; the two cannot be told apart.',
    args: { id: t.arg.id({ required: true, description: 'Its id, `view:<uuid>`, or the bare UUID.' }) },
    resolve: (_, { id }, context) => {
      const uuid = viewUuid(id);
      return uuid === null ? null : context.services.administration.view(callerWith(context, 'READ'), uuid);
    },
  }),
}));
