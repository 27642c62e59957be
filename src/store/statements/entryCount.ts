/** Entries recorded under quotas. */
import type { Database } from '../database.ts';

export interface EntryCountRow {
  readonly organization: number;
  /** A token, a person, or the empty text for the organization itself. */
  readonly subject: string;
  /** Days since 1970. */
  readonly day: number;
  /** By this server. */
  readonly entries: number;
}

/**
 * Writes what this server counted, and reads what it had written before and what all others have; in the order of the rows. A
 * total never goes back. In one order for all servers, though no two write the same row.
 */
export async function syncEntryCounts(
  database: Database,
  server: string,
  rows: readonly EntryCountRow[],
): Promise<{ readonly own: number; readonly others: number }[]> {
  const found = await database.rows<[own: number, others: number]>(
    `with i as (
       select * from unnest($2::int4[], $3::text[], $4::int4[], $5::int8[], $6::int4[])
         i(organization_id, subject, days, entries, place)
     ), written as (
       insert into entry_count (organization_id, subject, day, server_id, entries)
       select i.organization_id, i.subject, date '1970-01-01' + i.days, $1::uuid, i.entries
       from i join organization o on o.id = i.organization_id where i.entries > 0 order by 1, 2, 3
       on conflict (organization_id, subject, day, server_id) do update set entries = excluded.entries
         where entry_count.entries < excluded.entries and entry_count.organization_id = excluded.organization_id
     )
     select coalesce(sum(c.entries) filter (where c.server_id = $1::uuid), 0)::int8,
       coalesce(sum(c.entries) filter (where c.server_id <> $1::uuid), 0)::int8
     from i left join entry_count c on c.organization_id = i.organization_id and c.subject = i.subject
       and c.day = date '1970-01-01' + i.days
     group by i.place order by i.place`,
    [
      server,
      rows.map((row) => row.organization),
      rows.map((row) => row.subject),
      rows.map((row) => row.day),
      rows.map((row) => row.entries),
      rows.map((_, place) => place),
    ],
  );
  return found.map(([own, others]) => ({ own, others }));
}

/** Of all organizations, the days before one. */
export async function forgetEntryCounts(database: Database, day: number): Promise<void> {
  await database.rows(`delete from entry_count where day < date '1970-01-01' + $1::int4`, [day]);
}
