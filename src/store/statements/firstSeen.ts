/** Which values of a field entries of a period have, and none before it: in one statement. */
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { Parameters, toSql } from '../predicate-sql.ts';

const columns = { device: 'e.device', ip: 'host(e.ip)', action: 'e.action_id' } as const;

export interface FirstSeenRequest {
  readonly organization: number;
  readonly field: keyof typeof columns;
  /** Visibility, whose entries, and the period. */
  readonly period: Predicate;
  /** Visibility, whose entries, and what was before. */
  readonly before: Predicate;
  /** So many entries of each, the newest in the log, are looked at. */
  readonly looked: number;
  readonly limit: number;
}

export interface StoredNewValue {
  readonly value: string | number;
  readonly count: number;
  /** Milliseconds, by the source’s clock. */
  readonly first: number;
  readonly last: number;
  /** Id of the entry that happened first. */
  readonly firstEntry: string;
}

export interface StoredNewValues {
  /** The one that was met last comes first. Actions of one time stand in no order that a reader could make sense of. */
  readonly values: readonly StoredNewValue[];
  readonly valueCount: number;
  /** Whether all entries of the period were looked at. */
  readonly complete: boolean;
  /** Whether all entries before it were. */
  readonly compared: boolean;
}

type Row = [
  value: string | number | null,
  count: number,
  first: number,
  last: number,
  firstEntry: string,
  values: number,
  more: boolean,
  moreBefore: boolean,
];

function firstSeenSql(request: FirstSeenRequest, parameters: Parameters): string {
  const log = parameters.add(request.organization);
  const value = columns[request.field];
  const { looked } = request;
  const order = 'order by e.recorded_at desc, e.position desc';
  const newest = (columns: string, predicate: Predicate) => `select ${columns} from log_entry e
      where e.organization_id = ${log} and ${toSql(predicate, parameters)} and ${value} is not null ${order} limit ${looked + 1}`;
  const first = (table: string) => `(select * from ${table} e ${order} limit ${looked})`;
  const entry = `${value} as value, e.recorded_at, e.position`;
  return `with recent as materialized (${newest(`${entry}, e.occurred_at, e.id`, request.period)}),
    earlier as materialized (${newest(entry, request.before)}),
    found as (select e.value, count(*) as count, min(e.occurred_at) as first, max(e.occurred_at) as last,
        (array_agg(e.id order by e.occurred_at, e.recorded_at, e.position))[1] as entry
      from ${first('recent')} e where not exists (select from ${first('earlier')} b where b.value = e.value) group by e.value),
    flags as (select (select count(*) from recent) > ${looked} as more, (select count(*) from earlier) > ${looked} as before)
    select f.value, f.count, f.first, f.last, f.entry, count(f.value) over (), g.more, g.before
    from flags g left join found f on true
    order by f.first desc, f.value${request.field === 'action' ? '' : ' collate "C"'} limit ${parameters.add(request.limit, 'int8')}`;
}

export async function readFirstSeen(database: Database, request: FirstSeenRequest): Promise<StoredNewValues> {
  const parameters = new Parameters(database.sets);
  const text = firstSeenSql({ ...request, limit: Math.max(1, request.limit) }, parameters);
  const rows = await database.rows<Row>(text, parameters.values, { planEach: true });
  const [head] = rows;
  return {
    values: rows
      .slice(0, request.limit)
      .flatMap(([value, count, first, last, firstEntry]) =>
        value === null ? [] : [{ value, count, first, last, firstEntry }],
      ),
    valueCount: head?.[5] ?? 0,
    complete: !(head?.[6] ?? false),
    compared: !(head?.[7] ?? false),
  };
}
