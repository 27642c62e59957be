import type { LogFilter, Tally } from '../../query/query.ts';
import { catalogueFor, categoryFor } from '../absent.ts';
import { bareFilter } from '../bareFilter.ts';
import { builder } from '../builder.ts';
import type { AnnalsContext } from '../context.ts';
import { bareId, globalId } from '../ids.ts';
import { loadersOf, sharedPartOf } from '../previewed.ts';
import { ActionGroupRef, ActionRef, CatalogueRef, EventCategoryRef, NodeRef } from '../refs.ts';
import { LogFilterRef } from './logFilter.ts';
import { OutcomeRef } from './vocabulary.ts';

type Activity = Pick<Tally, 'count' | 'first' | 'last'>;

const ActivityRef = builder.objectRef<Activity>('Activity').implement({
  description: 'The entries of an action or a category that the caller sees.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many there are.' }),
    firstSeen: t.expose('first', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first of them happened; null where there are none.',
    }),
    lastSeen: t.expose('last', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last of them happened; null where there are none.',
    }),
  }),
});

const activityArgs = builder.args((t) => ({
  filter: t.field({ type: LogFilterRef, description: 'Only entries that match, such as those of a period.' }),
}));

/** Of some actions together. All that ask in one operation, with one filter, share one statement. */
async function activityOf(
  context: AnnalsContext,
  value: object,
  filter: LogFilter | null | undefined,
  actions: readonly { readonly key: string }[],
): Promise<Activity> {
  const counted = await loadersOf(context, value).activity(bareFilter(filter));
  const tallies = actions.flatMap(({ key }) => counted.get(key) ?? []);
  const [first, last] = [tallies.flatMap((one) => one.first ?? []), tallies.flatMap((one) => one.last ?? [])];
  return {
    count: tallies.reduce((sum, { count }) => sum + count, 0),
    first: first.length === 0 ? null : Math.min(...first),
    last: last.length === 0 ? null : Math.max(...last),
  };
}

CatalogueRef.implement({
  description: 'A versioned set of event categories and actions: of Enpass, of Passwork, of Annals, or of your own.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Such as `passwork`; the first part of every key inside it.' }),
    name: t.exposeString('name', { description: 'The name for people, such as “Passwork”.' }),
    version: t.exposeString('version', { description: 'Version of the catalogue file, such as `1.0.0`.' }),
    description: t.exposeString('description', { description: 'What it covers and where its words come from.' }),
  }),
});

EventCategoryRef.implement({
  description: 'A kind of event, such as “Vaults”. Every action belongs to exactly one category.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'The global id: `category:` and the key.',
      resolve: ({ key }) => globalId('category', key),
    }),
    key: t.exposeString('key', { description: 'Such as `passwork.vaults`. Never changed and never reused.' }),
    name: t.exposeString('name', { description: 'The heading, as the product prints it.' }),
    description: t.exposeString('description', { description: 'What belongs into it.' }),
    catalogue: t.field({
      type: CatalogueRef,
      description: 'The catalogue it stands in.',
      resolve: (category, _, { services }) => catalogueFor(services.catalogue, category.catalogue),
    }),
    actionGroups: t.field({
      type: [ActionGroupRef],
      description: 'The groups inside it, in the order of the catalogue; empty where the product has none.',
      resolve: (category, _, context) =>
        context.services.catalogue.actionGroups
          .filter((group) => group.category === category.key)
          .map((group) => sharedPartOf(context, category, group)),
    }),
    actions: t.field({
      type: [ActionRef],
      description: 'Its actions, in the order of the catalogue.',
      resolve: (category, _, context) =>
        context.services.catalogue.actionsOf(category.key).map((action) => sharedPartOf(context, category, action)),
    }),
    activity: t.field({
      type: ActivityRef,
      description: 'Its entries that the caller sees. Needs the permission READ.',
      args: activityArgs,
      resolve: (category, { filter }, context) =>
        activityOf(context, category, filter, context.services.catalogue.actionsOf(category.key)),
    }),
  }),
});

ActionGroupRef.implement({
  description: 'A group of actions inside a category, such as Enpass’s “Vault Management”.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, unique inside the category; filters use it.' }),
    description: t.exposeString('description', { description: 'As the product publishes it.' }),
    actions: t.field({
      type: [ActionRef],
      description: 'Its actions, in the order of the catalogue.',
      resolve: (group, _, context) =>
        context.services.catalogue
          .actionsOf(group.category)
          .filter((action) => action.actionGroup === group.name)
          .map((action) => sharedPartOf(context, group, action)),
    }),
  }),
});

ActionRef.implement({
  description: 'What can happen, such as “Item viewed”. Actions are data: new ones need no new version of this schema.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({ description: 'The global id: `action:` and the key.', resolve: ({ key }) => globalId('action', key) }),
    key: t.exposeString('key', {
      description: 'Catalogue and code, such as `passwork.item_viewed`. Never changed and never reused.',
    }),
    code: t.exposeString('code', { description: 'The product’s own machine code, such as `item_viewed`.' }),
    codeIsCoined: t.exposeBoolean('codeIsCoined', {
      description: 'True where the product publishes no code and Annals made one up.',
    }),
    name: t.exposeString('name', { description: 'The name for people.' }),
    description: t.exposeString('description', { description: 'What it means when this is recorded.' }),
    template: t.exposeString('template', {
      description:
        'The English sentence from which `LogEntry.description` is rendered: `{actor} viewed {target}`. `{name|missing}` states the words for a missing value.',
    }),
    actionGroup: t.exposeString('actionGroup', {
      nullable: true,
      description: 'Name of its group inside the category; null where it has none.',
    }),
    category: t.field({
      type: EventCategoryRef,
      description: 'The category it belongs to.',
      resolve: (action, _, context) =>
        sharedPartOf(context, action, categoryFor(context.services.catalogue, action.category)),
    }),
    catalogue: t.field({
      type: CatalogueRef,
      description: 'The catalogue it stands in.',
      resolve: (action, _, { services }) => catalogueFor(services.catalogue, action.catalogue),
    }),
    severity: t.exposeInt('severity', {
      description:
        'How serious, 1 (least) to 10 (most), in the judgement of Annals; an entry has it unless it states its own.',
    }),
    sourceSeverity: t.exposeInt('sourceSeverity', {
      nullable: true,
      description: 'The priority that the product publishes, 1 to 10; null where it publishes none.',
    }),
    defaultOutcome: t.expose('defaultOutcome', {
      type: OutcomeRef,
      description: 'The outcome of an entry that states none.',
    }),
    opens: t.exposeString('opens', {
      nullable: true,
      description:
        'What an entry of this action gave its actor to read: its `vault` or `directory` as a whole, or its targets of this type. Null where it gave nothing.',
    }),
    aboutAccount: t.exposeBoolean('aboutAccount', {
      description: 'Whether it is an act on somebody’s account: the affected user’s.',
    }),
    fields: t.exposeStringList('fields', {
      description: 'Names of the fields that entries of this action usually carry, such as `targets`.',
    }),
    activity: t.field({
      type: ActivityRef,
      description: 'Its entries that the caller sees. Needs the permission READ.',
      args: activityArgs,
      resolve: (action, { filter }, context) => activityOf(context, action, filter, [action]),
    }),
  }),
});

builder.queryField('eventCategories', (t) =>
  t.field({
    type: [EventCategoryRef],
    description: 'The event categories of all catalogues, in their order.',
    args: { catalogue: t.arg.string({ description: 'Only those of this catalogue, by key, such as `enpass`.' }) },
    resolve: (_, { catalogue }, { services }) =>
      services.catalogue.categories.filter((one) => !catalogue || one.catalogue === catalogue),
  }),
);

builder.queryField('actions', (t) =>
  t.field({
    type: [ActionRef],
    description: 'The actions that entries can have, in the order of the catalogues.',
    args: {
      catalogue: t.arg.string({ description: 'Only those of this catalogue, by key, such as `passwork`.' }),
      category: t.arg.string({
        description: 'Only those of this category, by key or id, such as `passwork.vaults`.',
      }),
      search: t.arg.string({
        description: 'Only those whose key, name, description or group contains this text; case does not matter.',
      }),
    },
    resolve: (_, { catalogue, category, search }, { services }) => {
      const text = (search ?? '').trim().toLowerCase();
      const list = category ? services.catalogue.actionsOf(bareId('category', category)) : services.catalogue.actions;
      return list.filter(
        (action) =>
          (!catalogue || action.catalogue === catalogue) &&
          (text === '' ||
            [action.key, action.name, action.description, action.actionGroup ?? ''].some((part) =>
              part.toLowerCase().includes(text),
            )),
      );
    },
  }),
);
