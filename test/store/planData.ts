import type pg from 'pg';

/** Entries of the test log, all organizations together. */
export const entryCount = 200_000;
/** Organization 1 has seven entries in ten, 2 five in twenty, 3 one in twenty. */
export const organization = 1;
/** Months of 2024 that have entries; the two after them are made ahead and empty, as a server keeps them. */
export const filledMonths = 10;
const partitions = 12;

/** Directories 1 to 300 take turns; one entry in a thousand is in one of the 2,000 above. */
export const busyDirectories = { from: 1, to: 300 } as const;
export const quietDirectories = { from: 1001, to: 3000 } as const;
/** The actor of every eighth entry, and one of about one in 1,600. */
export const busyActor = 1000;
export const quietActor = 7;
/** The targets of every tenth entry and of one in 200; the others have one of 5,000, and one in forty names a group beside it. */
export const busyTarget = 'item-busy';
export const frequentTarget = 'item-frequent';
export const group = 'group-1';
/** What the entries of a group name, too, in the organizations beside the first, and there alone. */
export const elsewhere = 'everyone';

/** Every value is a hash of its entry’s number: the same data, and so the same statistics, in each run. */
const fill = `
with numbered as (
  select n, case when n % 20 = 0 then 3 when n % 4 = 1 then 2 else 1 end as organization,
         abs(hashint4(n)::bigint) as h, abs(hashint4(n + 1000000)::bigint) as k
  from generate_series(1, ${entryCount}) n
)
insert into log_entry (organization_id, position, recorded_at, occurred_at, id, action_id, outcome, severity, actor_type,
  actor_id, affected_user_id, directory_id, vault_id, component, actor_name, actor_email, directory_name, vault_name,
  targets, target_ids, ip, user_agent, search, salts, digest, leaf)
select organization, row_number() over (partition by organization order by n) - 1, t, t - interval '1 second',
  encode(substr(int8send((extract(epoch from t) * 1000)::bigint), 3) || '\\x7000'::bytea
    || substr(sha256(int4send(n)), 1, 8), 'hex')::uuid,
  1 + h % 120, k % 4, 1 + h % 10, 0,
  case when k % 8 = 0 then ${busyActor} else 1 + k % 200 end,
  case when h % 10 = 0 then 1 + k % 200 end,
  case when k % 1000 = 0 then 1001 + h % 2000 else 1 + h % 300 end, 1 + h % 30, 'web',
  'Actor ' || k % 200, 'actor' || k % 200 || '@example.com', 'Directory ' || h % 300, 'Vault ' || h % 30,
  '[{"type":"item","id":"i","name":"n"}]',
  case when k % 10 = 0 then array['${busyTarget}'] when k % 200 = 9 then array['${frequentTarget}'] when k % 40 = 7 then array['item-' || k % 5000, '${group}'] || case when organization = ${organization} then '{}' else array['${elsewhere}'] end
    else array['item-' || k % 5000] end, '192.0.2.1', repeat('a', 80),
  'actor ' || k % 200,
  decode(repeat('00', 80), 'hex'), sha256(int4send(n)), sha256(int4send(n))
from (select *, timestamptz '2024-01-01 00:00:00+00' + (n - 1) * interval '${filledMonths} months' / ${entryCount} as t
      from numbered) timed
order by n`;

const keys = `insert into idempotency_key (organization_id, key, entry_id, recorded_at)
select organization_id, encode(substr(digest, 1, 16), 'hex'), id, recorded_at from log_entry`;

/** Fills a clone of the template as its owner: a log of ten months, and a thousand tokens. */
export async function fillLog(client: pg.Client): Promise<void> {
  // The template’s own partitions depend on today’s date.
  const { rows } = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'log_entry'::regclass`,
  );
  for (const { name } of rows) await client.query(`drop table ${name}`);
  await client.query(
    `select ensure_log_partitions('2024-01-01Z', timestamptz '2024-01-01Z' + interval '${partitions - 1} months')`,
  );
  await client.query(`insert into organization (id, uid, name)
    select n, ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'Organization ' || n from generate_series(1, 3) n`);
  await client.query('insert into log_head (organization_id) select id from organization');
  await client.query(`insert into api_token (id, organization_id, name, hash, prefix, role)
    select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1 + n % 3, 'Token', sha256(int4send(n)), 'x', 'AUDITOR'
    from generate_series(1, 1000) n`);
  await client.query(fill);
  await client.query(keys);
  await client.query('vacuum analyze');
}
