/** Options that say what is counted, and the dimensions by the names that they have here: those of the filter options. */
import type { LogDimension } from '../query/query.ts';
import type { CommandOptions, Given } from './command.ts';
import { filterOptions } from './filterOptions.ts';
import { texts, usage } from './options.ts';
import { colourOption, jsonOption } from './show.ts';

interface Dimension {
  readonly dimension: LogDimension;
  /** Whether its values have a name for people beside what a filter takes. */
  readonly named: boolean;
}

const dimensions = {
  category: { dimension: 'CATEGORY', named: true },
  action: { dimension: 'ACTION', named: true },
  group: { dimension: 'ACTION_GROUP', named: false },
  catalogue: { dimension: 'CATALOGUE', named: true },
  actor: { dimension: 'ACTOR', named: true },
  affected: { dimension: 'AFFECTED_USER', named: true },
  directory: { dimension: 'DIRECTORY', named: true },
  outcome: { dimension: 'OUTCOME', named: false },
  component: { dimension: 'COMPONENT', named: false },
  severity: { dimension: 'SEVERITY', named: false },
  ip: { dimension: 'IP', named: false },
} as const satisfies Partial<Record<keyof typeof filterOptions, Dimension>>;

const known: ReadonlyMap<string, Dimension> = new Map(Object.entries(dimensions));
const names = [...known.keys()];
const mostDimensions = 2;

export const statisticsIntervals = ['hour', 'day', 'week', 'month'] as const;
export type StatisticsInterval = (typeof statisticsIntervals)[number];
export const statisticsTimes = ['recorded', 'occurred'] as const;
/** Groups told apart: all there can be, and without `--top` as a list and as columns. */
export const groupsToldApart = { most: 500, list: 10, columns: 5 } as const;

export const statisticsOptions = {
  interval: {
    type: 'string',
    value: 'LENGTH',
    doc: 'Counts over time, by the hour, day, week (from Monday) or month; a line for each, also without entries.',
    choices: statisticsIntervals,
  },
  by: {
    type: 'string',
    value: 'DIMENSION',
    doc: `Counts by what entries have in common: ${names.join(', ')}; up to two.`,
    multiple: true,
    choices: names,
  },
  top: {
    type: 'string',
    value: 'COUNT',
    doc: `So many of the largest groups are told apart, 0 to ${groupsToldApart.most}; the others are one. Default: ${groupsToldApart.list}; over time, ${groupsToldApart.columns}.`,
  },
  zone: {
    type: 'string',
    value: 'ZONE',
    doc: 'In whose days and hours: a name such as Europe/Vienna, or an offset such as +05:30. Default: the local one.',
  },
  time: {
    type: 'string',
    value: 'TIME',
    doc: 'By which time: recorded or occurred. Default: the one that the filter bounds; occurred where it bounds both or neither.',
    choices: statisticsTimes,
  },
  actors: { type: 'boolean', doc: 'Counts different actors, too; costs more than counting entries.' },
  view: {
    type: 'string',
    value: 'NAME',
    doc: 'A saved view by its name or id: its filter and period hold beside the other options.',
  },
  ...filterOptions,
  ...jsonOption,
  ...colourOption,
} as const satisfies CommandOptions;

export interface AskedDimension extends Dimension {
  readonly name: string;
}

/** What `--by` names, in the order given. */
export function dimensionsOf(options: Given): readonly AskedDimension[] {
  const asked = (texts(options, 'by') ?? []).map((given) => {
    const name = given.toLowerCase();
    const found = known.get(name);
    if (found !== undefined) return { name, ...found };
    throw usage(`--by must be one of ${names.join(', ')}, not ${JSON.stringify(given)}.`);
  });
  if (asked.length <= mostDimensions && new Set(asked.map(({ name }) => name)).size === asked.length) return asked;
  throw usage(`--by takes up to ${mostDimensions} dimensions, each once.`, 'Give --by once or twice.');
}
