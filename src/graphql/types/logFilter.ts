import type { Outcome } from '../../model/entry.ts';
import type { LogFilter, RangeCondition, SetCondition } from '../../query/filter.ts';
import { builder } from '../builder.ts';
import { OutcomeRef } from './vocabulary.ts';

const words = {
  in: 'Is one of these; an empty list matches nothing. An entry without a value matches none.',
  notIn: 'Is none of these; an empty list excludes nothing. An entry without a value is kept.',
  gte: 'This or later; inclusive.',
  lt: 'Earlier than this; exclusive.',
};

const IdConditionRef = builder.inputRef<SetCondition<string>>('IdCondition').implement({
  description: 'A condition on an id or key. Both members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: words.in }),
    notIn: t.idList({ description: words.notIn }),
  }),
});

const StringConditionRef = builder.inputRef<SetCondition<string>>('StringCondition').implement({
  description: 'A condition on a text, compared exactly. Both members together must hold.',
  fields: (t) => ({
    in: t.stringList({ description: words.in }),
    notIn: t.stringList({ description: words.notIn }),
  }),
});

const OutcomeConditionRef = builder.inputRef<SetCondition<Outcome>>('OutcomeCondition').implement({
  description: 'A condition on the outcome. Both members together must hold.',
  fields: (t) => ({
    in: t.field({ type: [OutcomeRef], description: words.in }),
    notIn: t.field({ type: [OutcomeRef], description: words.notIn }),
  }),
});

const DirectoryConditionRef = builder.inputRef<NonNullable<LogFilter['directory']>>('DirectoryCondition').implement({
  description: 'A condition on the directory, by external or global ids. All members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: `${words.in} What lies under them does not count; see \`under\`.` }),
    notIn: t.idList({ description: words.notIn }),
    under: t.idList({
      description: 'Is one of these or lies anywhere under one, in the tree of today; an empty list matches nothing.',
    }),
  }),
});

const TargetConditionRef = builder.inputRef<NonNullable<LogFilter['target']>>('TargetCondition').implement({
  description: 'A condition on the targets. All members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: 'The id of any target is one of these; an empty list matches nothing.' }),
    notIn: t.idList({ description: 'The id of no target is one of these.' }),
    type: t.field({
      type: StringConditionRef,
      description: 'A condition on the type of any target, such as `{ in: ["item"] }`.',
    }),
  }),
});

const SeverityConditionRef = builder.inputRef<NonNullable<LogFilter['severity']>>('SeverityCondition').implement({
  description: 'A condition on the severity, 1 (least) to 10 (most). All members together must hold.',
  fields: (t) => ({
    in: t.intList({ description: words.in }),
    notIn: t.intList({ description: words.notIn }),
    gte: t.int({ description: 'This or more; inclusive.' }),
    lt: t.int({ description: 'Less than this; exclusive.' }),
  }),
});

const TimeConditionRef = builder.inputRef<RangeCondition<string>>('TimeCondition').implement({
  description: 'A period. Both members together must hold; a missing one is open.',
  fields: (t) => ({
    gte: t.field({ type: 'DateTime', description: words.gte }),
    lt: t.field({ type: 'DateTime', description: words.lt }),
  }),
});

export const LogFilterRef = builder.inputRef<LogFilter, false>('LogFilter');

LogFilterRef.implement({
  description:
    'Which entries: all conditions stated here must hold. The same language in queries and subscriptions. Where ids are asked for, the external id and the global id (`directory:…`) are both understood.',
  fields: (t) => ({
    and: t.field({ type: [LogFilterRef], description: 'Every one of these holds; an empty list holds.' }),
    or: t.field({ type: [LogFilterRef], description: 'At least one of these holds; an empty list does not hold.' }),
    not: t.field({ type: LogFilterRef, description: 'This does not hold.' }),
    action: t.field({
      type: IdConditionRef,
      description: 'The action, by key or global id: `{ in: ["passwork.item_viewed"] }`.',
    }),
    category: t.field({ type: IdConditionRef, description: 'The event category, by key or global id.' }),
    catalogue: t.field({
      type: StringConditionRef,
      description: 'The catalogue of the action, by key: `{ in: ["enpass"] }`.',
    }),
    actionGroup: t.field({
      type: StringConditionRef,
      description: 'The action’s group inside its category, by name: `{ in: ["Vault Management"] }`.',
    }),
    actor: t.field({
      type: IdConditionRef,
      description: 'Who did it, by external or global id; actors of every type with that external id.',
    }),
    affectedUser: t.field({
      type: IdConditionRef,
      description: 'To whom it was done, by external or global id.',
    }),
    directory: t.field({ type: DirectoryConditionRef, description: 'The vault or folder it happened in.' }),
    target: t.field({ type: TargetConditionRef, description: 'What it was done to.' }),
    outcome: t.field({ type: OutcomeConditionRef, description: 'How it ended.' }),
    severity: t.field({ type: SeverityConditionRef, description: 'How serious it is.' }),
    component: t.field({
      type: StringConditionRef,
      description: 'The part of the product, such as `{ in: ["web", "mobile"] }`.',
    }),
    occurredAt: t.field({ type: TimeConditionRef, description: 'When it happened, by the source’s clock.' }),
    recordedAt: t.field({ type: TimeConditionRef, description: 'When it was recorded, by the server’s clock.' }),
  }),
});
