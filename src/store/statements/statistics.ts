/** Counts of entries by time and by what they have in common, in one statement: from rows, and from cells that count rows. */
import type { Predicate } from '../../model/predicate.ts';
import { cubes, shortestSlotMs } from '../../model/rollUp.ts';
import type { Database } from '../database.ts';
import { shortList } from '../int-set.ts';
import { searchPattern } from '../pattern.ts';
import { Parameters, timestamp, toSql } from '../predicate-sql.ts';
import { aliasesOf, cellTimes, followerName } from './rollUp.ts';

/** What entries are grouped by, as the table has it. */
export interface Grouping {
  readonly column: 'action' | 'actor' | 'affectedUser' | 'directory' | 'outcome' | 'severity' | 'component' | 'ip';
  /** By action number: the group that the action belongs to, from 1, and 0 for none; grouped by that instead. */
  readonly fold?: readonly number[];
  /** By action number: where the action stands among those of equal count, from 1. */
  readonly order?: readonly number[];
}

/** What cells answer of a question. */
export interface RolledPart {
  /** Index in `cubes`. */
  readonly cube: number;
  /** Which cells: in the cube’s dimensions alone. */
  readonly cells: Predicate;
  /** Which entries, where rows are read after all; the period included. */
  readonly entries: Predicate;
  /** Slots that the period touches; `to` exclusive, null is open. */
  readonly slots: { readonly from: number | null; readonly to: number | null };
  /** Slots through which a bound goes: their entries are read as rows. */
  readonly straddled: readonly number[];
}

export interface StatisticsRequest {
  readonly organization: number;
  readonly time: 'occurredAt' | 'recordedAt';
  /** Where buckets begin, in milliseconds, and where the last one ends. Null counts without buckets. */
  readonly bounds: readonly number[] | null;
  /** At most two. */
  readonly groupings: readonly Grouping[];
  /** So many of the largest groups are told apart; all others are one. */
  readonly top: number;
  readonly distinctActors: boolean;
  /** Only groups whose first key, a text, contains this. */
  readonly containing?: string | null;
  /** Entries to be read as rows; together with `rolled` each entry once. */
  readonly rows: Predicate | null;
  readonly rolled: RolledPart | null;
}

/** A stored value; 0 or null where entries have none. */
export type GroupKey = string | number | null;

export interface StatisticsRow {
  /** 1 for the largest group, 0 for all beyond the top; null for everything. */
  readonly rank: number | null;
  /** Index of the bucket; null for all of them. Beyond the last bound, the index of the last bound. */
  readonly bucket: number | null;
  readonly count: number;
  /** Milliseconds. */
  readonly first: number | null;
  readonly last: number | null;
  readonly actors: number;
  /** Of a ranked group. */
  readonly keys: readonly GroupKey[];
  /** The lowest place among the groups counted here: of the rest, how many groups there are in all. */
  readonly place: number;
}

const timeColumns = { occurredAt: 'e.occurred_at', recordedAt: 'e.recorded_at' } as const;

/** Cells have 0 where an entry has nothing, so rows are made to agree. */
const keyColumns: Readonly<Record<Grouping['column'], string>> = {
  action: 'e.action_id',
  actor: 'coalesce(e.actor_id, 0)',
  affectedUser: 'coalesce(e.affected_user_id, 0)',
  directory: 'coalesce(e.directory_id, 0)',
  outcome: 'e.outcome',
  severity: 'e.severity',
  component: 'e.component',
  ip: 'host(e.ip)',
};

/** What the parts of the source have in common. */
interface Common {
  readonly request: StatisticsRequest;
  readonly parameters: Parameters;
  readonly log: string;
  /** Keys of the groups, and the actor where actors are counted. */
  readonly keys: readonly string[];
}

/** One line for each entry that satisfies the predicate. */
function entriesSql({ request, parameters, log, keys }: Common, predicate: Predicate, more: string, from = ''): string {
  const time = timeColumns[request.time];
  const bounds = request.bounds?.map(timestamp);
  const bucket = bounds === undefined ? '0' : `width_bucket(${time}, ${parameters.add(bounds, 'timestamptz[]')})`;
  return `select ${[`${bucket} as bucket`, ...keys, '1 as n', `${time} as f`, `${time} as l`].join(', ')}
    from ${from}log_entry e where e.organization_id = ${log}${more} and ${toSql(predicate, parameters)}`;
}

const startOfSlot = (slot: string, slotMs: number) => `to_timestamp((${slot})::float8 * ${slotMs / 1000})`;

/** Most directories whose cells are sought one directory after the other; for more, all cells of the cube are looked at. */
const mostListed = 5000;

/**
 * Many directories as a list, unlike in entries: cells lie in one table, where planning for a list takes little, and PostgreSQL
 * then seeks their cells by the index on directories, or by that on slots where the period is short.
 */
function cellsSql(cells: Predicate, parameters: Parameters): string {
  const parts = cells.op === 'and' && cells.of.length > 0 ? cells.of : [cells];
  const partSql = (part: Predicate): string => {
    const isList = part.op === 'in' && part.field === 'directory' && part.values.size > shortList;
    return isList && part.values.size <= mostListed
      ? `e.directory_id = any(${parameters.add(parameters.sets(part.values).literal, 'int4[]')})`
      : toSql(part, parameters);
  };
  return parts.map(partSql).join(' and ');
}

/** The cells, the entries of straddled slots, and the entries that no cell counts yet. */
function rolledSql(common: Common, { cube, cells, entries, slots, straddled }: RolledPart): string[] {
  const { request, parameters, log, keys } = common;
  const { slot, first, last } = cellTimes[request.time];
  const time = timeColumns[request.time];
  const slotMs = cubes[cube]?.slotMs ?? shortestSlotMs;
  const starts = request.bounds?.map((bound) => Math.ceil(bound / slotMs));
  const bucket = starts === undefined ? '0' : `width_bucket(e.${slot}, ${parameters.add(starts, 'int4[]')})`;
  const broken = straddled.length === 0 ? null : parameters.add(straddled, 'int4[]');
  const bounds = [
    slots.from === null ? '' : ` and e.${slot} >= ${parameters.add(slots.from, 'int4')}`,
    slots.to === null ? '' : ` and e.${slot} < ${parameters.add(slots.to, 'int4')}`,
    broken === null ? '' : ` and e.${slot} <> all(${broken})`,
  ];
  const counted = `select ${[`${bucket} as bucket`, ...keys, 'e.count as n', `e.${first} as f`, `e.${last} as l`].join(', ')}
    from (select c.*${aliasesOf(cube)} from statistics_cell c where c.organization_id = ${log} and c.cube = ${cube}) e
    where ${cellsSql(cells, parameters)}${bounds.join('')}`;
  const place = (column: string) => `(select p.${column} from place p)`;
  const later = ` and e.recorded_at >= ${place('recorded_at')} and e.position > ${place('position')}`;
  const parts = [counted, entriesSql(common, entries, later)];
  if (broken === null) return parts;
  const shortest = slotMs / shortestSlotMs;
  // The slot’s cells say when its entries were recorded: the rest of the log is not read.
  const spans = `unnest(${broken}) b(slot) cross join lateral (
      select min(c.recorded_slot) as low, max(c.recorded_slot) + 1 as high from statistics_cell c
      where c.organization_id = ${log} and c.cube = 0
        and c.${slot} >= b.slot * ${shortest} and c.${slot} < (b.slot + 1) * ${shortest}) r cross join `;
  const within = ` and e.recorded_at >= ${startOfSlot('r.low', shortestSlotMs)} and e.recorded_at < ${startOfSlot('r.high', shortestSlotMs)}
      and ${time} >= ${startOfSlot('b.slot', slotMs)} and ${time} < ${startOfSlot('b.slot + 1', slotMs)}
      and e.position <= ${place('position')}`;
  return [...parts, entriesSql(common, entries, within, spans)];
}

/**
 * In which order groups of one size stand: by what readers see of them, never by numbers, which would tell who was met
 * first, in hidden entries too.
 */
function orderOf({ column, fold, order }: Grouping, index: number, log: string, parameters: Parameters) {
  const [key, name] = [`c.k${index}`, index === 0 ? 'one' : 'other'];
  switch (column) {
    case 'actor':
    case 'affectedUser':
      return {
        join: ` left join actor ${name} on ${name}.organization_id = ${log} and ${name}.id = ${key}`,
        by: [`${name}.external_id collate "C"`, `${name}.type`],
      };
    case 'directory':
      return {
        join: ` left join directory ${name} on ${name}.organization_id = ${log} and ${name}.id = ${key}`,
        by: [`${name}.external_id collate "C"`],
      };
    case 'action':
      if (fold !== undefined) return { join: '', by: [`nullif(${key}, 0)`] };
      return { join: '', by: [`nullif((${parameters.add(order ?? [], 'int4[]')})[${key}], 0)`, key] };
    case 'component':
    case 'ip':
      return { join: '', by: [`${key} collate "C"`] };
    default:
      return { join: '', by: [key] };
  }
}

/** Cells of bucket and group, each with its group’s place among the groups. */
function rankedSql({ request: { groupings, top }, log, parameters }: Common, names: readonly string[]): string {
  const orders = groupings.map((grouping, index) => orderOf(grouping, index, log, parameters));
  const group = names.map((name) => `c.${name}`).join(', ');
  const by = ['c.total desc', ...orders.flatMap((order) => order.by)].join(', ');
  return `, ranked as (select c.*, dense_rank() over (order by ${by}) as place
      from (select c.*, sum(c.n) over (partition by ${group}) as total from counted c) c${orders.map(({ join }) => join).join('')})
    , judged as (select c.*, case when c.place <= ${parameters.add(top, 'int8')} then c.place else 0 end as rank from ranked c)`;
}

function statisticsSql(request: StatisticsRequest): { text: string; values: readonly unknown[] } {
  const { groupings, bounds, rows, rolled, distinctActors } = request;
  const parameters = new Parameters();
  const log = parameters.add(request.organization);
  const names = groupings.map((_, index) => `k${index}`);
  const keys = groupings.map(({ column, fold }, index) =>
    fold === undefined
      ? `${keyColumns[column]} as k${index}`
      : `coalesce((${parameters.add(fold, 'int4[]')})[e.action_id], 0) as k${index}`,
  );
  if (distinctActors) keys.push('nullif(e.actor_id, 0) as actor');
  const common: Common = { request, parameters, log, keys };
  const sources = [
    ...(rows === null ? [] : [entriesSql(common, rows, '')]),
    ...(rolled === null ? [] : rolledSql(common, rolled)),
  ];
  const cell = ['bucket', ...names, ...(distinctActors ? ['actor'] : [])].map((name) => `s.${name}`).join(', ');
  const { containing = null } = request;
  const having = containing === null ? '' : ` where s.k0 ilike ${parameters.add(searchPattern(containing), 'text')}`;
  const grouped = groupings.length > 0;
  const sets = [...(bounds === null ? [''] : ['', 'bucket'])].flatMap((set) =>
    grouped ? [set, ['rank', set].filter((part) => part !== '').join(', ')] : [set],
  );
  const text = `with place as (
      select coalesce(max(f.recorded_at), '-infinity') as recorded_at, coalesce(max(f.position), -1) as position
      from follower f where f.organization_id = ${log} and f.name = '${followerName}')
    , counted as materialized (select ${cell}, sum(s.n)::int8 as n, min(s.f) as f, max(s.l) as l
      from (${sources.join(' union all ')}) s${having} group by ${cell})${grouped ? rankedSql(common, names) : ''}
    select ${bounds === null ? 'true' : 'grouping(c.bucket) = 1'}, ${bounds === null ? 'null' : 'c.bucket'},
      ${grouped ? 'grouping(c.rank) = 1, c.rank, max(c.place)' : 'true, null, 0'},
      coalesce(sum(c.n), 0)::int8, min(c.f), max(c.l), ${distinctActors ? 'count(distinct c.actor)' : '0'}
      ${names.map((name) => `, min(c.${name})`).join('')}
    from ${grouped ? 'judged' : 'counted'} c group by grouping sets (${sets.map((set) => `(${set.replace(/(\w+)/g, 'c.$1')})`).join(', ')})`;
  return { text, values: parameters.values };
}

type Columns = [
  everyBucket: boolean,
  bucket: number | null,
  everyGroup: boolean,
  rank: number | null,
  place: number | null,
  count: number,
  first: number | null,
  last: number | null,
  actors: number,
  ...keys: GroupKey[],
];

/** One row for everything, for each bucket, each group, and each bucket of each group, where something was counted. */
export async function readStatistics(database: Database, request: StatisticsRequest): Promise<StatisticsRow[]> {
  const { text, values } = statisticsSql(request);
  const rows = await database.rows<Columns>(text, values, { planEach: true });
  return rows.map(([everyBucket, bucket, everyGroup, rank, place, count, first, last, actors, ...keys]) => ({
    rank: everyGroup ? null : rank,
    bucket: everyBucket ? null : bucket,
    count,
    first,
    last,
    actors: Number(actors),
    keys,
    place: place ?? 0,
  }));
}
