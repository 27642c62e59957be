/** A log filled by the owner in one statement: `recordLogs` would take minutes, and reading does not care. */
import type pg from 'pg';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import type { Organization } from '../support/annals.ts';
import { type BenchDatabase, withClient } from '../support/postgres.ts';

const people = 200;
const directories = 160;
/** Over which the entries spread, unless stated. */
const halfAYear = 180;

const fillNames = `
  insert into actor (organization_id, type, external_id, name, email)
    select $1, 'MEMBER', 'u-' || n, 'Person ' || n, 'person.' || n || '@company.example' from generate_series(1, $2::int) n;
`;
const fillDirectories = `
  insert into directory (organization_id, external_id, kind, name)
    select $1, 'vault-' || n, 'VAULT', 'Vault number ' || n from generate_series(1, $2::int) n;
`;

/** Texts in the names of targets, by how many entries have them. */
export const textsToFind = {
  every: 'account',
  fiftieth: 'fiftieth',
  thousandth: 'thousandth',
  one: 'needle',
  none: 'haystack',
};

/** The targets of every tenth entry and of one in 250, and one of the thousands that the others have. */
export const targetsToFind = { busy: 'item-busy', frequent: 'item-frequent', usual: 'item-77' };

/** $1 organization, $2 entries, $3 days; every name is chosen by the entry’s number. */
const fillEntries = `
  insert into log_entry (organization_id, position, recorded_at, occurred_at, id, action_id, outcome, severity,
    actor_type, actor_id, directory_id, vault_id, component, actor_name, actor_email, directory_name, vault_name,
    targets, target_ids, ip, user_agent, device, session, request, location, metadata, search, salts, digest, leaf)
  select $1, n, at, at - interval '1 second', uuidv7(at - now()), a.ids[1 + n * 7 % cardinality(a.ids)], 0, 1 + n % 10,
    0, p.ids[1 + n % cardinality(p.ids)], d.ids[1 + n % cardinality(d.ids)], d.ids[1 + n % cardinality(d.ids)], 'web',
    'Person ' || n % 200, 'person.' || n % 200 || '@company.example', 'Vault number ' || n % 160, 'Vault number ' || n % 160,
    jsonb_build_array(jsonb_build_object('type', 'item', 'id', t.id, 'name', t.name)),
    array[t.id], '10.1.2.3', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36', 'Laptop',
    'session-' || n % 997, 'request-' || n, 'Vienna, AT', '{"attempt": 1, "client": {"version": "7.2.1"}}',
    -- As searchText writes it: these texts are folded as plain ASCII is.
    lower(concat_ws(e'\\x1e', concat_ws(e'\\x1f', 'Person ' || n % 200, 'Vault number ' || n % 160, 'Vault number ' || n % 160),
      'person.' || n % 200 || '@company.example', '10.1.2.3', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36',
      'Laptop', 'session-' || n % 997, 'request-' || n, 'Vienna, AT', 'web', concat_ws(e'\\x1f', t.id, t.name), '',
      concat_ws(e'\\x1f', '1', '7.2.1'))),
    decode(repeat('00', 80), 'hex'), sha256(int8send(n)), sha256(int8send(-n))
  from (select array_agg(id) as ids from action_number) a,
    (select array_agg(id) as ids from actor where organization_id = $1) p,
    (select array_agg(id) as ids from directory where organization_id = $1) d,
    lateral (select n, date_trunc('milliseconds', now() - $3::int * interval '1 day' * (1 - n::float8 / $2::bigint)) as at
      from generate_series(0, $2::bigint - 1) n) e,
    lateral (select case when n % 10 = 4 then '${targetsToFind.busy}'
        when n % 250 = 5 then '${targetsToFind.frequent}' else 'item-' || n % 5000 end as id, 'Administrator account' || case when n = $2::bigint / 2 then ' needle'
      when n % 1000 = 7 then ' thousandth' when n % 50 = 3 then ' fiftieth' else '' end as name) t
`;

/** What the textbook joins: the catalogue as tables, under the numbers that entries have. */
async function fillTextbook(client: pg.Client): Promise<void> {
  const catalogue = openCatalogue();
  await client.query(`
    create table textbook_category (id int primary key, key text not null, name text not null);
    create table textbook_action (id int primary key, key text not null, name text not null, category_id int not null)`);
  const { categories, actions } = catalogue;
  await client.query('insert into textbook_category select * from unnest($1::int[], $2::text[], $3::text[])', [
    categories.map((_, index) => index),
    categories.map(({ key }) => key),
    categories.map(({ name }) => name),
  ]);
  await client.query(
    `insert into textbook_action select a.id, a.key, i.name, i.category
     from action_number a join unnest($1::text[], $2::text[], $3::int[]) as i(key, name, category) using (key)`,
    [
      actions.map(({ key }) => key),
      actions.map(({ name }) => name),
      actions.map(({ category }) => categories.findIndex(({ key }) => key === category)),
    ],
  );
}

export async function fillLog(
  database: BenchDatabase,
  { organization }: Organization,
  entries: number,
  days = halfAYear,
): Promise<void> {
  await withClient(database.ownerUrl, async (client) => {
    await client.query(fillNames, [organization, people]);
    await client.query(fillDirectories, [organization, directories]);
    await client.query(`select ensure_log_partitions(now() - ${days} * interval '1 day', now())`);
    // In order of the time, so that every index but those on names grows at its end.
    await client.query(fillEntries, [organization, entries, days]);
    await fillTextbook(client);
    await client.query('vacuum (analyze)');
  });
}

/** An entry about half-way through the log. */
export async function middleEntry(
  database: BenchDatabase,
  entries: number,
): Promise<{ recordedAt: number; id: string; position: number }> {
  return withClient(database.ownerUrl, async (client) => {
    const { rows } = await client.query<{ recordedAt: Date; id: string; position: number }>(
      'select recorded_at as "recordedAt", id, position::float8 from log_entry where position = $1',
      [Math.floor(entries / 2)],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the log is empty');
    return { ...row, recordedAt: row.recordedAt.getTime() };
  });
}

/** The newest key that cursors are sealed with. */
export async function cursorKey(database: BenchDatabase): Promise<{ id: number; secret: Uint8Array }> {
  return withClient(database.ownerUrl, async (client) => {
    const { rows } = await client.query<{ id: number; secret: Uint8Array }>(
      "select number as id, secret from server_key where purpose = 'cursor' order by number desc limit 1",
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the server has no cursor key');
    return row;
  });
}
