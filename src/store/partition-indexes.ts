import type { ClientBase } from 'pg';
import { escapeIdentifier } from 'pg';

interface MissingIndex {
  /** Of the parent. */
  readonly name: string;
  readonly definition: string;
  readonly partition: string;
}

/** Indexes of the log that some of its partitions lack: a migration made them on the parent alone. */
const missing = `
  select parent.relname as name, pg_get_indexdef(i.indexrelid) as definition, partition.relname as partition
  from pg_index i
  join pg_class parent on parent.oid = i.indexrelid
  join pg_inherits part on part.inhparent = i.indrelid
  join pg_class partition on partition.oid = part.inhrelid
  where i.indrelid = 'public.log_entry'::regclass and not i.indisvalid
    and not exists (
      select from pg_inherits child join pg_index own on own.indexrelid = child.inhrelid
      where child.inhparent = i.indexrelid and own.indrelid = part.inhrelid)
  order by parent.relname, partition.relname`;

/** Identifiers have at most so many bytes. */
const longestName = 63;

/**
 * Makes the indexes that a migration could not: an index of a partition that is full takes long, and nothing can be appended
 * to that partition meanwhile. So each is made by itself, and servers of the version before go on; what is interrupted is
 * gone on with at the next start. The names of those that were made, with their partitions.
 */
export async function completePartitionIndexes(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<MissingIndex>(missing);
  for (const { name, definition, partition } of rows) {
    const own = `${partition}_${name.replace(/^log_entry_/, '')}`.slice(0, longestName);
    const [, how] = / ON ONLY (?:public\.)?log_entry (.*)$/s.exec(definition) ?? [];
    if (how === undefined) throw new TypeError(`not an index of the log alone: ${definition}`);
    // One transaction: an index that is there but not attached would be made a second time.
    await client.query(`begin;
      create index ${escapeIdentifier(own)} on public.${escapeIdentifier(partition)} ${how};
      alter index public.${escapeIdentifier(name)} attach partition public.${escapeIdentifier(own)};
      commit`);
  }
  return rows.map(({ name, partition }) => `${name} of ${partition}`);
}
