/** The forms that a condition of a filter can have. */
import type { PeriodUnit } from '../../model/calendar.ts';
import type { ActorType, Outcome } from '../../model/entry.ts';
import type { TextField } from '../../model/text.ts';
import type {
  LogFilter,
  MetadataCondition,
  OptionalCondition,
  SetCondition,
  TextCondition,
  TimeCondition,
  WithinCondition,
} from '../../query/filter.ts';
import { builder } from '../builder.ts';
import { ActorTypeRef, OutcomeRef } from './vocabulary.ts';

const words = {
  in: 'Is one of these; an empty list matches nothing. An entry without a value matches none.',
  notIn: 'Is none of these; an empty list excludes nothing. An entry without a value is kept.',
  exists: 'Whether the entry has one at all.',
};

export const IdConditionRef = builder.inputRef<SetCondition<string>>('IdCondition').implement({
  description: 'A condition on an id or key. Both members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: words.in }),
    notIn: t.idList({ description: words.notIn }),
  }),
});

export const OptionalIdConditionRef = builder.inputRef<OptionalCondition<string>>('OptionalIdCondition').implement({
  description: 'A condition on an id that an entry may lack. All members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: words.in }),
    notIn: t.idList({ description: words.notIn }),
    exists: t.boolean({ description: words.exists }),
  }),
});

export const StringConditionRef = builder.inputRef<SetCondition<string>>('StringCondition').implement({
  description: 'A condition on a text, compared exactly. Both members together must hold.',
  fields: (t) => ({
    in: t.stringList({ description: words.in }),
    notIn: t.stringList({ description: words.notIn }),
  }),
});

export const OptionalStringConditionRef = builder
  .inputRef<OptionalCondition<string>>('OptionalStringCondition')
  .implement({
    description: 'A condition on a text that an entry may lack, compared exactly. All members together must hold.',
    fields: (t) => ({
      in: t.stringList({ description: words.in }),
      notIn: t.stringList({ description: words.notIn }),
      exists: t.boolean({ description: words.exists }),
    }),
  });

export const IpConditionRef = builder.inputRef<OptionalCondition<string>>('IpCondition').implement({
  description:
    'A condition on the address: single addresses and networks in CIDR notation, IPv4 and IPv6. An IPv4-mapped IPv6 address or network is the IPv4 one. All members together must hold.',
  fields: (t) => ({
    in: t.stringList({ description: 'Lies in one of these: `["192.0.2.10", "10.0.0.0/8", "2001:db8::/32"]`.' }),
    notIn: t.stringList({ description: 'Lies in none of these. An entry without an address is kept.' }),
    exists: t.boolean({ description: words.exists }),
  }),
});

const ActorTypeConditionRef = builder.inputRef<SetCondition<ActorType>>('ActorTypeCondition').implement({
  description: 'A condition on the type of the actor. Both members together must hold.',
  fields: (t) => ({
    in: t.field({ type: [ActorTypeRef], description: words.in }),
    notIn: t.field({ type: [ActorTypeRef], description: words.notIn }),
  }),
});

export const ActorConditionRef = builder.inputRef<NonNullable<LogFilter['actor']>>('ActorCondition').implement({
  description: 'A condition on who did it. All members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: words.in }),
    notIn: t.idList({ description: words.notIn }),
    type: t.field({ type: ActorTypeConditionRef, description: 'What kind of actor it was.' }),
    exists: t.boolean({ description: 'Whether the entry states the actor’s id.' }),
  }),
});

export const OutcomeConditionRef = builder.inputRef<SetCondition<Outcome>>('OutcomeCondition').implement({
  description: 'A condition on the outcome. Both members together must hold.',
  fields: (t) => ({
    in: t.field({ type: [OutcomeRef], description: words.in }),
    notIn: t.field({ type: [OutcomeRef], description: words.notIn }),
  }),
});

export const DirectoryConditionRef = builder
  .inputRef<NonNullable<LogFilter['directory']>>('DirectoryCondition')
  .implement({
    description: 'A condition on the directory, by external or global ids. All members together must hold.',
    fields: (t) => ({
      in: t.idList({ description: `${words.in} What lies under them does not count; see \`under\`.` }),
      notIn: t.idList({ description: words.notIn }),
      under: t.idList({
        description: 'Is one of these or lies anywhere under one, in the tree of today; an empty list matches nothing.',
      }),
      exists: t.boolean({ description: words.exists }),
    }),
  });

export const TargetConditionRef = builder.inputRef<NonNullable<LogFilter['target']>>('TargetCondition').implement({
  description: 'A condition on the targets. All members together must hold.',
  fields: (t) => ({
    in: t.idList({ description: 'The id of any target is one of these; an empty list matches nothing.' }),
    notIn: t.idList({ description: 'The id of no target is one of these.' }),
    type: t.field({
      type: StringConditionRef,
      description: 'A condition on the type of any target, such as `{ in: ["item"] }`.',
    }),
    exists: t.boolean({ description: 'Whether the entry names a target.' }),
  }),
});

export const ChangesConditionRef = builder.inputRef<NonNullable<LogFilter['changes']>>('ChangesCondition').implement({
  description: 'A condition on what was changed. Both members together must hold.',
  fields: (t) => ({
    field: t.field({
      type: StringConditionRef,
      description: 'A condition on the name of any changed field, such as `{ in: ["role"] }`.',
    }),
    exists: t.boolean({ description: 'Whether the entry states a change.' }),
  }),
});

export const MetadataConditionRef = builder.inputRef<MetadataCondition>('MetadataCondition').implement({
  description: 'A condition on a value inside the metadata. All members together must hold.',
  fields: (t) => ({
    key: t.stringList({
      description:
        'The key, or the keys one inside the other: `["client", "version"]`. Keys lead through objects, not into lists. Left out: the metadata as a whole, for `exists`.',
    }),
    in: t.field({
      type: ['JSON'],
      description:
        'The value is one of these, or a list in which one of these stands: strings, numbers, true or false, of the same type (`"1"` is not `1`). An empty list matches nothing.',
    }),
    notIn: t.field({ type: ['JSON'], description: 'The opposite of `in`. An entry without the key is kept.' }),
    exists: t.boolean({ description: 'Whether the key is there, with any value.' }),
  }),
});

export const SeverityConditionRef = builder
  .inputRef<NonNullable<LogFilter['severity']>>('SeverityCondition')
  .implement({
    description: 'A condition on the severity, 1 (least) to 10 (most). All members together must hold.',
    fields: (t) => ({
      in: t.intList({ description: words.in }),
      notIn: t.intList({ description: words.notIn }),
      gte: t.int({ description: 'This or more; inclusive.' }),
      lt: t.int({ description: 'Less than this; exclusive.' }),
    }),
  });

const TextFieldRef = builder.enumType('TextField', {
  description: 'Where a text is searched. What is hidden from your role is never searched.',
  values: {
    NAMES: { description: 'Names of actor, affected user, vault and directory.' },
    EMAIL: { description: 'E-mail addresses of actor and affected user.' },
    IP: { description: 'The address it came from.' },
    USER_AGENT: { description: 'The client program.' },
    DEVICE: { description: 'The device.' },
    SESSION: { description: 'The id of the session.' },
    REQUEST: { description: 'The id of the request.' },
    LOCATION: { description: 'Where in the world.' },
    COMPONENT: { description: 'The part of the product.' },
    TARGETS: { description: 'Ids and names of targets.' },
    CHANGES: { description: 'Names of changed fields, with their values before and after.' },
    METADATA: { description: 'Texts and numbers inside the metadata.' },
  } satisfies Record<TextField, { description: string }>,
});

export const TextConditionRef = builder.inputRef<TextCondition>('TextCondition').implement({
  description: 'A condition on the texts of an entry. Both members together must hold.',
  fields: (t) => ({
    contains: t.stringList({
      required: true,
      description:
        'Every one of these stands somewhere in a text, whatever the case: 2 to 200 characters each. Forms of Unicode that mean the same are equal, and so are `ß` and `ss`.',
    }),
    in: t.field({
      type: [TextFieldRef],
      description: 'Only in these. Left out: in everything that your role is not kept from.',
    }),
  }),
});

export const PeriodUnitRef = builder.enumType('PeriodUnit', {
  description: 'What a period is counted in.',
  values: {
    MINUTE: { description: '60 seconds.' },
    HOUR: { description: '60 minutes.' },
    DAY: { description: 'From a time of day to the same one: 23 or 25 hours where clocks change.' },
    WEEK: { description: 'Seven days; a whole one begins on Monday.' },
    MONTH: { description: 'To the same day of the month, or to the last where it has no such day.' },
    YEAR: { description: 'Twelve months.' },
  } satisfies Record<PeriodUnit, { description: string }>,
});

export const RecentPeriodRef = builder.inputRef<WithinCondition>('RecentPeriod').implement({
  description: 'A period that ends now, by the server’s clock, and goes on with what is yet to come.',
  fields: (t) => ({
    last: t.int({ required: true, description: 'How many units, 1 to 10,000.' }),
    unit: t.field({ type: PeriodUnitRef, required: true, description: 'What it is counted in.' }),
    timeZone: t.string({
      description: 'The time zone whose calendar counts, such as `Europe/Berlin`; UTC without it.',
    }),
    whole: t.boolean({
      description:
        'Starts where a unit starts, and counts the one under way: the last whole day is today. False without it.',
    }),
  }),
});

export const TimeConditionRef = builder.inputRef<TimeCondition>('TimeCondition').implement({
  description: 'A period. All members together must hold; a missing one is open.',
  fields: (t) => ({
    gte: t.field({ type: 'DateTime', description: 'This or later; inclusive.' }),
    lt: t.field({ type: 'DateTime', description: 'Earlier than this; exclusive.' }),
    within: t.field({
      type: RecentPeriodRef,
      description: 'In the last minutes, days or months, counted anew by each request: `{ last: 7, unit: DAY }`.',
    }),
  }),
});
