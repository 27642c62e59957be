/** What one person opened, each secret once, in one statement. */
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { Parameters, toSql } from '../predicate-sql.ts';

export interface OpenedRequest {
  readonly organization: number;
  /** Visibility, and which entries open a secret. */
  readonly predicate: Predicate;
  /** By action number: `vault`, `directory`, or the type of the targets that it opens. */
  readonly opens: ReadonlyMap<number, string>;
  /** So many entries, the newest in the log, are looked at. */
  readonly looked: number;
  readonly limit: number;
}

/** One secret. `id` and `name` are null where no entry tells which it was. */
export interface StoredSecret {
  readonly type: string;
  readonly id: string | null;
  /** By the newest entry that names it. */
  readonly name: string | null;
  readonly count: number;
  /** Milliseconds, by the source’s clock. */
  readonly first: number;
  readonly last: number;
  /** Id of the entry that happened last. */
  readonly newest: string;
}

export interface StoredSecrets {
  /** The one that was opened last comes first. */
  readonly secrets: readonly StoredSecret[];
  /** Of all entries that were looked at. */
  readonly secretCount: number;
  /** Whether all entries were looked at. */
  readonly complete: boolean;
}

type Row = [
  type: string,
  id: string | null,
  name: string | null,
  count: number,
  first: number,
  last: number,
  newest: string,
  secrets: number,
  more: boolean,
];

/** Later entries first; of one time by the source’s clock, in the order of the log. */
const newestFirst = 'o.occurred_at desc, o.recorded_at desc, o.position desc';

/** Secrets without an id are told apart by their names. */
const unnamed = 'case when o.id is null then o.name end';

function openedSql({ organization, predicate, opens, looked, limit }: OpenedRequest, parameters: Parameters): string {
  const log = parameters.add(organization);
  const actions = parameters.add([...opens.keys()], 'int4[]');
  const kinds = parameters.add([...opens.values()], 'text[]');
  const columns = ['id', 'occurred_at', 'recorded_at', 'position', 'action_id', 'vault_id', 'vault_name'];
  const all = [...columns, 'directory_id', 'directory_name', 'targets'].map((column) => `e.${column}`).join(', ');
  const place = (kind: 'vault' | 'directory') => `select d.external_id as id, l.${kind}_name as name from directory d
        where k.kind = '${kind}' and d.organization_id = ${log} and d.id = l.${kind}_id`;
  return `with looked as materialized (select ${all} from log_entry e
      where e.organization_id = ${log} and ${toSql(predicate, parameters)}
      order by e.recorded_at desc, e.position desc limit ${looked + 1}),
    opened as (select k.kind as type, s.id, s.name, l.id as entry, l.occurred_at, l.recorded_at, l.position
      from (select * from looked l order by l.recorded_at desc, l.position desc limit ${looked}) l
      join unnest(${actions}, ${kinds}) k(action, kind) on k.action = l.action_id
      left join lateral (${place('vault')} union all ${place('directory')} union all
        select t.target->>'id', t.target->>'name' from jsonb_array_elements(l.targets) t(target)
        where k.kind not in ('vault', 'directory') and t.target->>'type' = k.kind) s on true)
    select o.type, o.id, (array_agg(o.name order by ${newestFirst}) filter (where o.name is not null))[1],
      count(distinct o.entry), min(o.occurred_at), max(o.occurred_at), (array_agg(o.entry order by ${newestFirst}))[1],
      count(*) over (), (select count(*) from looked) > ${looked}
    from opened o group by o.type, o.id, ${unnamed}
    order by max(o.occurred_at) desc, o.type collate "C", o.id collate "C", (${unnamed}) collate "C" limit ${parameters.add(limit, 'int8')}`;
}

export async function readOpened(database: Database, request: OpenedRequest): Promise<StoredSecrets> {
  const parameters = new Parameters(database.sets);
  const text = openedSql({ ...request, limit: Math.max(1, request.limit) }, parameters);
  const rows = await database.rows<Row>(text, parameters.values, { planEach: true });
  const [head] = rows;
  return {
    secrets: rows
      .slice(0, request.limit)
      .map(([type, id, name, count, first, last, newest]) => ({ type, id, name, count, first, last, newest })),
    secretCount: head?.[7] ?? 0,
    complete: !(head?.[8] ?? false),
  };
}
