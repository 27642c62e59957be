/** Rows as Annals itself stored them, for the bare loop to insert again: into the log’s own tables, or into a simple one. */
import type pg from 'pg';

interface Column {
  readonly name: string;
  readonly type: string;
}

/** What the bare loop makes anew for each row; everything else it copies. */
const made = new Set(['organization_id', 'position', 'recorded_at', 'id']);

async function columnsOf(client: pg.Client): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = 'log_entry'::regclass and attnum > 0 and not attisdropped order by attnum`,
  );
  return rows.filter(({ name }) => !made.has(name));
}

/** An array of arrays must be rectangular, and target ids are not. */
const flat = ({ name, type }: Column): Column => (type === 'text[]' ? { name, type: 'text' } : { name, type });
const read = ({ name, type }: Column) => (type === 'text[]' ? `array_to_string(${name}, chr(31))` : name);
const write = ({ name, type }: Column) => (type === 'text[]' ? `string_to_array(i.${name}, chr(31))` : `i.${name}`);

export interface BareRows {
  /** Array literals, one per column. */
  readonly columns: readonly string[];
  /** Inserts them into a table; `keys`: and a row for each into the idempotency keys. */
  statement(table: string, keys: boolean): string;
}

/** The newest rows of the log. */
export async function readRows(client: pg.Client, count: number): Promise<BareRows> {
  const columns = await columnsOf(client);
  const lists = columns.map((column) => `array_agg(${read(column)})::text`).join(', ');
  const { rows } = await client.query<string[]>({
    text: `select ${lists} from (select * from log_entry order by recorded_at desc, position desc limit ${count}) e`,
    rowMode: 'array',
  });
  const names = columns.map(({ name }) => name).join(', ');
  const unnest = columns.map((column, index) => `$${index + 2}::${flat(column).type}[]`).join(', ');
  return {
    columns: rows[0] ?? [],
    statement(table, keys) {
      // The organization is none of Annals’ own: the bare rows stand beside the real ones in the same tables.
      const insert = `insert into ${table} (organization_id, position, recorded_at, id, ${names})
        select 1000000, $1::bigint + i.ordinal, now(), uuidv7(), ${columns.map(write).join(', ')}
        from unnest(${unnest}) with ordinality as i(${names}, ordinal)`;
      return keys
        ? `with e as (${insert} returning organization_id, position, id, recorded_at)
           insert into idempotency_key (organization_id, key, entry_id, recorded_at)
           select organization_id, md5(position::text), id, recorded_at from e`
        : insert;
    },
  };
}

/** A table with the log’s columns, a primary key and one index, not partitioned. */
export async function createSimpleTable(client: pg.Client): Promise<string> {
  await client.query('create table bench_simple (like log_entry including defaults)');
  await client.query('alter table bench_simple add primary key (organization_id, recorded_at, position)');
  await client.query('create index on bench_simple (organization_id, id)');
  return 'bench_simple';
}
