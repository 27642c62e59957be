/** The questions that people bring to a log, one field each. */

import type { LogFilter } from '../../query/filter.ts';
import type {
  HistorySubject,
  NewValue,
  NewValueField,
  NewValues,
  OpenedSecrets,
  StoppedAction,
  StoppedActions,
} from '../../query/query.ts';
import { actionFor } from '../absent.ts';
import { bareFilter } from '../bareFilter.ts';
import { builder } from '../builder.ts';
import { callerWith, needs } from '../guard.ts';
import { bareId } from '../ids.ts';
import { ActionRef, LogEntryRef } from '../refs.ts';
import { connectionOf, LogConnectionRef, logsArgs, pageOf } from './logConnection.ts';
import { LogFilterRef } from './logFilter.ts';
import { values } from './vocabulary.ts';

const who = 'Who: an external id, or the global id of an actor. An id stands for its actors of every type.';
const bySource = 'by the source’s clock';

const HistorySubjectRef = builder.inputRef<HistorySubject>('HistorySubject').implement({
  description: 'Whose history: exactly one of them.',
  isOneOf: true,
  fields: (t) => ({
    item: t.id({ description: 'The id of a target, whatever its type, such as a password’s.' }),
    directory: t.id({
      description: 'A vault or a folder, with the folders under it as far as the caller may see into it.',
    }),
    member: t.id({ description: 'A person: what they did, and what was done to them.' }),
  }),
});

/** With the product’s own ids in the filter. */
const bared = <Page extends { filter?: LogFilter | null | undefined }>(page: Page): Page => ({
  ...page,
  filter: bareFilter(page.filter),
});

builder.queryField('history', (t) =>
  t.field({
    ...needs('READ'),
    type: LogConnectionRef,
    description:
      'The history of an item, a vault, a folder or a member, newest first unless ordered otherwise. A page of `logs` with the filter that the subject stands for; cursors are those of that filter.',
    args: {
      of: t.arg({ type: HistorySubjectRef, required: true, description: 'Whose history.' }),
      ...logsArgs,
    },
    resolve: async (_, { of, ...page }, context) => {
      const principal = callerWith(context, 'READ');
      const bare = {
        item: of.item ?? null,
        directory: typeof of.directory === 'string' ? bareId('directory', of.directory) : null,
        member: typeof of.member === 'string' ? bareId('actor', of.member) : null,
      };
      return connectionOf(await context.services.query.history(principal, bare, pageOf(bared(page))));
    },
  }),
);

builder.queryField('accountChanges', (t) =>
  t.field({
    ...needs('READ'),
    type: LogConnectionRef,
    description:
      'What others did to an account: entries of actions about accounts whose affected user is its member, done by another member or a token. The caller’s own account without `member`.',
    args: {
      member: t.arg.id({ description: 'Its external id, or the global id of its actor.' }),
      ...logsArgs,
    },
    resolve: async (_, { member, ...page }, context) => {
      const principal = callerWith(context, 'READ');
      const account = typeof member === 'string' ? bareId('actor', member) : null;
      return connectionOf(await context.services.query.accountChanges(principal, account, pageOf(bared(page))));
    },
  }),
);

const OpenedSecretRef = builder.objectRef<OpenedSecrets['secrets'][number]>('OpenedSecret').implement({
  description: 'Something that a person could read: an item, or a vault or folder as a whole.',
  fields: (t) => ({
    type: t.exposeString('type', {
      description: '`vault` or `directory` for a whole one, else the type of the target, such as `item`.',
    }),
    id: t.exposeString('id', {
      nullable: true,
      description: 'The producing product’s own id; null where the entries state none.',
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'By the newest entry that names it; null where none does.',
    }),
    count: t.exposeInt('count', { description: 'How many entries opened it.' }),
    firstSeen: t.expose('first', { type: 'DateTime', description: `When it was opened first, ${bySource}.` }),
    lastSeen: t.expose('last', { type: 'DateTime', description: `When it was opened last, ${bySource}.` }),
    newest: t.field({
      type: LogEntryRef,
      nullable: true,
      description: 'The entry of when it was opened last.',
      resolve: ({ newest }, _, { loaders }) => loaders.entry.load(newest),
    }),
  }),
});

const OpenedSecretsRef = builder.objectRef<OpenedSecrets>('OpenedSecrets').implement({
  description: 'What a person opened, each secret once: what to rotate when the person leaves.',
  fields: (t) => ({
    secrets: t.expose('secrets', { type: [OpenedSecretRef], description: 'Those opened last come first.' }),
    secretCount: t.exposeInt('secretCount', { description: 'How many there are, those beyond `first` included.' }),
    complete: t.exposeBoolean('complete', {
      description:
        'False where more than 10,000 entries opened a secret: then only those recorded last were looked at. Ask for a shorter period.',
    }),
  }),
});

builder.queryField('openedSecrets', (t) =>
  t.field({
    ...needs('READ'),
    type: OpenedSecretsRef,
    description:
      'Which secrets a person opened: targets, vaults and folders of entries whose action opens one (`Action.opens`), and which did not fail. Needs a role that sees targets.',
    args: {
      actor: t.arg.id({ required: true, description: who }),
      since: t.arg({ type: 'DateTime', required: true, description: `From when, ${bySource}; inclusive.` }),
      until: t.arg({ type: 'DateTime', description: 'Until when; exclusive. Everything since without it.' }),
      first: t.arg.int({ defaultValue: 100, description: 'At most so many, 0 to 500.' }),
    },
    resolve: (_, { actor, since, until, first }, context) =>
      context.services.query.openedSecrets(callerWith(context, 'READ'), {
        actor: bareId('actor', actor),
        since,
        until: until ?? null,
        first: first ?? null,
      }),
  }),
);

const NewValueFieldRef = builder.enumType('NewValueField', {
  description: 'Whose values can be new for a person.',
  values: values<NewValueField>({
    DEVICE: 'The device it was done on.',
    IP: 'The address it came from.',
    ACTION: 'What was done.',
  }),
});

const NewValueRef = builder.objectRef<NewValue>('NewValue').implement({
  description: 'A value that a person’s entries have for the first time in a period.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'A device, an address, or the key of an action.' }),
    action: t.field({
      type: ActionRef,
      nullable: true,
      description: 'The action, where actions were asked for.',
      resolve: ({ field, value }, _, { services }) =>
        field === 'ACTION' ? actionFor(services.catalogue, value) : null,
    }),
    count: t.exposeInt('count', { description: 'How many entries of the period have it.' }),
    firstSeen: t.expose('first', { type: 'DateTime', description: `When the first of them happened, ${bySource}.` }),
    lastSeen: t.expose('last', { type: 'DateTime', description: `When the last of them happened, ${bySource}.` }),
    firstEntry: t.field({
      type: LogEntryRef,
      nullable: true,
      description: 'The first of them.',
      resolve: ({ firstEntry }, _, { loaders }) => loaders.entry.load(firstEntry),
    }),
  }),
});

const NewValuesRef = builder.objectRef<NewValues>('NewValues').implement({
  description: 'What is new for a person, as far as the caller sees.',
  fields: (t) => ({
    values: t.expose('values', { type: [NewValueRef], description: 'Those met last come first.' }),
    valueCount: t.exposeInt('valueCount', { description: 'How many there are, those beyond `first` included.' }),
    complete: t.exposeBoolean('complete', {
      description:
        'False where the period has more than 100,000 entries with a value: then only those recorded last were looked at.',
    }),
    comparedWithAll: t.exposeBoolean('comparedWithAll', {
      description:
        'False where more than 100,000 entries with a value lie before the period: then a value is new that none of the 100,000 recorded last has.',
    }),
  }),
});

builder.queryField('newValues', (t) =>
  t.field({
    ...needs('READ'),
    type: NewValuesRef,
    description:
      'Devices, addresses or actions that are new for a person: the entries of a period have them, and no visible entry of before does.',
    args: {
      actor: t.arg.id({ required: true, description: who }),
      field: t.arg({ type: NewValueFieldRef, required: true, description: 'Whose values.' }),
      since: t.arg({
        type: 'DateTime',
        required: true,
        description: `Where the period begins, ${bySource}; inclusive.`,
      }),
      until: t.arg({ type: 'DateTime', description: 'Where it ends; exclusive. It has no end without it.' }),
      first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
    },
    resolve: (_, { actor, field, since, until, first }, context) =>
      context.services.query.newValues(callerWith(context, 'READ'), {
        actor: bareId('actor', actor),
        field,
        since,
        until: until ?? null,
        first: first ?? null,
      }),
  }),
);

const StoppedActionRef = builder.objectRef<StoppedAction>('StoppedAction').implement({
  description: 'An action that occurred, and stopped.',
  fields: (t) => ({
    action: t.field({
      type: ActionRef,
      description: 'The action.',
      resolve: ({ action }, _, { services }) => actionFor(services.catalogue, action),
    }),
    count: t.exposeInt('count', { description: 'How many entries the earlier window has.' }),
    firstSeen: t.expose('first', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first of them happened.',
    }),
    lastSeen: t.expose('last', { type: 'DateTime', nullable: true, description: 'When the last of them happened.' }),
  }),
});

const StoppedActionsRef = builder.objectRef<StoppedActions>('StoppedActions').implement({
  description: 'What used to happen and does no longer, as far as the caller sees.',
  fields: (t) => ({
    actions: t.expose('actions', { type: [StoppedActionRef], description: 'Those that were the most frequent first.' }),
    actionCount: t.exposeInt('actionCount', { description: 'How many there are, those beyond `first` included.' }),
  }),
});

builder.queryField('stoppedActions', (t) =>
  t.field({
    ...needs('READ'),
    type: StoppedActionsRef,
    description:
      'Actions that used to occur and stopped: visible entries of the window from `since` to `quietSince` have them, and none since then. Always exact.',
    args: {
      filter: t.arg({ type: LogFilterRef, description: 'Only entries that match, such as those of one actor.' }),
      since: t.arg({
        type: 'DateTime',
        required: true,
        description: `Where the earlier window begins, ${bySource}; inclusive.`,
      }),
      quietSince: t.arg({
        type: 'DateTime',
        required: true,
        description: 'Where it ends and the later one begins.',
      }),
      until: t.arg({
        type: 'DateTime',
        description: 'Where the later window ends; exclusive. It has no end without it.',
      }),
      atLeast: t.arg.int({
        defaultValue: 1,
        description: 'Only actions with at least so many entries in the earlier.',
      }),
      first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
    },
    resolve: (_, { filter, since, quietSince, until, atLeast, first }, context) =>
      context.services.query.stoppedActions(callerWith(context, 'READ'), {
        filter: bareFilter(filter),
        since,
        quietSince,
        until: until ?? null,
        atLeast: atLeast ?? null,
        first: first ?? null,
      }),
  }),
);
