/** Entries that tell of changes: written with the change, read until the log has them, then forgotten. */
import type { EntryInput } from '../../model/entry.ts';
import type { Runner } from '../database.ts';

/** What one append takes, in the order in which it happened. */
export interface OutboxBatch {
  readonly id: number;
  readonly entries: readonly EntryInput[];
}

/** Entries of one row: as many as one append takes. */
const rowEntries = 1000;
/** Rows of one statement: so many large texts are in memory at once. */
const statementRows = 10;

/** In the transaction of what they tell of; each entry has its idempotency key, and times as text. */
export async function writeOutbox(runner: Runner, organization: number, entries: readonly EntryInput[]): Promise<void> {
  for (let from = 0; from < entries.length; from += rowEntries * statementRows) {
    const part = entries.slice(from, from + rowEntries * statementRows);
    const rows = Array.from({ length: Math.ceil(part.length / rowEntries) }, (_, index) =>
      JSON.stringify(part.slice(index * rowEntries, (index + 1) * rowEntries)),
    );
    // The statement’s time, not the transaction’s: a long one must not look as if nobody had taken care of it.
    await runner.rows(
      `insert into outbox (organization_id, entries, created_at)
       select $1, i.entries::json, clock_timestamp() from unnest($2::text[]) with ordinality i(entries, place) order by i.place`,
      [organization, rows],
    );
  }
}

/** The oldest after a row. Changes of an organization run one after another: its rows are in the order of their commits. */
export async function readOutbox(
  runner: Runner,
  organization: number,
  page: { readonly after: number; readonly limit: number },
): Promise<OutboxBatch[]> {
  const rows = await runner.rows<[number, EntryInput[]]>(
    'select b.id, b.entries from outbox b where b.organization_id = $1 and b.id > $2::int8 order by b.id limit $3',
    [organization, page.after, page.limit],
  );
  return rows.map(([id, entries]) => ({ id, entries }));
}

export async function forgetOutbox(runner: Runner, organization: number, ids: readonly number[]): Promise<void> {
  await runner.rows('delete from outbox b where b.organization_id = $1 and b.id = any($2::int8[])', [
    organization,
    ids,
  ]);
}

/** Organizations of which something has waited for so long. */
export async function readWaitingOutboxes(
  runner: Runner,
  waitedMs: number,
): Promise<{ readonly organization: number; readonly organizationUid: string }[]> {
  const rows = await runner.rows<[number, string]>(
    `select o.id, o.uid from organization o where o.id in (select b.organization_id from outbox b
       where b.created_at <= clock_timestamp() - $1::float8 * interval '1 millisecond')`,
    [waitedMs],
  );
  return rows.map(([organization, organizationUid]) => ({ organization, organizationUid }));
}
