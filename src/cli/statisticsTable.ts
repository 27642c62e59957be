/** What `logStatistics` answers, as a table. */
import { openZone } from '../model/zone.ts';
import { openColumns } from './columns.ts';
import { type Paint, plain, printable } from './output.ts';
import type { AskedDimension, StatisticsInterval } from './statisticsOptions.ts';

interface Counted {
  readonly count: number;
  /** Where it was asked for. */
  readonly distinctActors?: number;
}

interface Bucket extends Counted {
  readonly start: string;
  readonly end: string;
}

interface Tally extends Counted {
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly buckets: readonly Bucket[];
}

export interface Statistics extends Omit<Tally, 'count'> {
  readonly total: number;
  readonly time: string;
  readonly timeZone: string;
  readonly groups: readonly (Tally & {
    readonly keys: readonly { readonly value: string | null; readonly name: string | null }[];
  })[];
  readonly rest: (Tally & { readonly groups: number }) | null;
}

export interface AskedStatistics {
  readonly interval: StatisticsInterval | null;
  readonly dimensions: readonly AskedDimension[];
  readonly actors: boolean;
}

/** As an entry’s missing value reads in other tables, too. */
const valueInWords = (value: string | null) => (value === null ? '∅' : printable(value));

const barWidth = 24;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar as long as the share of the largest. */
function bar(count: number, largest: number): string {
  const length = largest === 0 ? 0 : Math.round((count / largest) * barWidth * 8);
  return '█'.repeat(Math.floor(length / 8)) + (eighths[length % 8] ?? '');
}

/** The cells that count; `largest` null for a line without a bar. */
type CountCells = (counted: Counted, largest: number | null) => readonly string[];

function countCells(bars: boolean): CountCells {
  return ({ count, distinctActors }, largest) => [
    String(count),
    ...(distinctActors === undefined ? [] : [String(distinctActors)]),
    ...(bars ? [largest === null ? '' : bar(count, largest)] : []),
  ];
}

const largestOf = (lines: readonly Counted[]) => lines.reduce((most, { count }) => Math.max(most, count), 0);

/** `2026-01`, `2026-01-05`, or for hours `2026-01-05T13:00+01:00`: the hour that the clocks repeat is told apart. */
function timeReader(interval: StatisticsInterval, timeZone: string): (start: string) => string {
  const zone = openZone(timeZone);
  return (start) => {
    // A zone that only the server knows.
    if (zone === null) return start;
    const time = Date.parse(start);
    const offset = Math.round(zone.offsetAt(time) / 60_000);
    const local = new Date(time + offset * 60_000).toISOString();
    if (interval === 'month') return local.slice(0, 7);
    if (interval !== 'hour') return local.slice(0, 10);
    const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((one) =>
      String(one).padStart(2, '0'),
    );
    return `${local.slice(0, 16)}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
  };
}

const othersIn = ({ groups }: { readonly groups: number }) => `${groups} other${groups === 1 ? '' : 's'}`;

interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function bucketTable(
  found: Statistics,
  interval: StatisticsInterval,
  countHeads: readonly string[],
  cells: CountCells,
): Table {
  const { buckets, groups, rest, timeZone } = found;
  const columns = [
    ...groups.map((group) => ({ head: group.keys.map(({ value }) => valueInWords(value)).join(' / '), group })),
    ...(rest === null ? [] : [{ head: othersIn(rest), group: rest }]),
  ];
  const time = timeReader(interval, timeZone);
  const largest = largestOf(buckets);
  const rows = buckets.map((bucket, index) => [
    time(bucket.start),
    ...cells(bucket, largest),
    ...columns.map(({ group }) => String(group.buckets[index]?.count ?? 0)),
  ]);
  const total = [
    'total',
    ...cells({ ...found, count: found.total }, null),
    ...columns.map(({ group }) => String(group.count)),
  ];
  return {
    heads: [`${interval} (${timeZone})`, ...countHeads, ...columns.map(({ head }) => head)],
    rows: [...rows, total],
  };
}

function groupTable(
  found: Statistics,
  dimensions: readonly AskedDimension[],
  countHeads: readonly string[],
  cells: CountCells,
): Table {
  const { groups, rest } = found;
  const largest = largestOf(rest === null ? groups : [...groups, rest]);
  const row = (tally: Omit<Tally, 'buckets'>, most: number | null, words: readonly string[]) => [
    ...cells(tally, most),
    tally.lastSeen ?? '',
    ...words,
  ];
  const rows = groups.map((group) => {
    const words = dimensions.flatMap(({ named }, index) => {
      const { value, name } = group.keys[index] ?? { value: null, name: null };
      return named ? [valueInWords(value), printable(name ?? '')] : [valueInWords(value)];
    });
    return row(group, largest, words);
  });
  return {
    heads: [
      ...countHeads,
      'lastSeen',
      ...dimensions.flatMap(({ name, named }) => (named ? [name, `${name}.name`] : [name])),
    ],
    rows: [
      ...rows,
      ...(rest === null ? [] : [row(rest, largest, [`(${othersIn(rest)})`])]),
      row({ ...found, count: found.total }, null, ['(total)']),
    ],
  };
}

function totalTable(found: Statistics, actors: boolean): Table {
  const counts = countCells(false)({ ...found, count: found.total }, null);
  return {
    heads: ['count', ...(actors ? ['actors'] : []), 'firstSeen', 'lastSeen'],
    rows: [[...counts, found.firstSeen ?? '', found.lastSeen ?? '']],
  };
}

/** Stretches of time as lines, with groups as columns; or groups as lines; or one line. With bars where there are colours. */
export function statisticsTable(found: Statistics, asked: AskedStatistics, paint: Paint): string {
  const bars = paint !== plain;
  const countHeads = ['count', ...(asked.actors ? ['actors'] : []), ...(bars ? [''] : [])];
  const cells = countCells(bars);
  const { interval, dimensions, actors } = asked;
  const grouped = () =>
    dimensions.length > 0 ? groupTable(found, dimensions, countHeads, cells) : totalTable(found, actors);
  const { heads, rows } = interval === null ? grouped() : bucketTable(found, interval, countHeads, cells);
  const styleOf = (column: number) => {
    if (heads[column] === '') return 'cyan';
    return heads[column]?.endsWith('Seen') ? 'dim' : null;
  };
  return openColumns(heads, paint, styleOf)(rows);
}
