import type { ClientBase } from 'pg';
import { escapeIdentifier } from 'pg';

/**
 * Tables that the server’s role reads and never writes to itself: what is in the log, by what it is searched, and what it
 * remembers of keys, changes through the database’s functions only. Their partitions are never named by the server’s statements. Prisma’s own
 * table is read for the server’s health.
 */
const readOnlyTables: readonly string[] = ['log_entry', 'search_block', 'idempotency_key', '_prisma_migrations'];

/**
 * What the server’s role may write in tables that give entries their meaning: numbers, external ids, keys, generation and
 * floor are set once, and no statement of the server’s changes them. Nothing may be deleted there, nor where a foreign key
 * would delete it along: PostgreSQL carries that out with the rights of the tables’ owner.
 */
const narrowTables: Readonly<Record<string, string>> = {
  organization: 'insert, update (name, limits)',
  action_number: 'insert',
  server_key: 'insert',
  outbox: 'insert, delete',
  guard: 'insert, update (delay_seconds, second_person)',
  pending_change:
    'insert, update (request, request_hash, approvals, delay_seconds, second_person, due_at, expires_at, state, code, ended_at)',
  log_head: 'insert, update (rights_version)',
  actor: 'insert, update (name, email)',
  directory: 'insert, update (name, kept_name, kind, parent_id)',
  follower: 'insert, update (position, recorded_at)',
};

/** What the server’s role may write in a table, as GRANT says it; empty for nothing. */
export function writesOf(table: string, isPartition: boolean): string {
  if (isPartition || readOnlyTables.includes(table)) return '';
  return narrowTables[table] ?? 'insert, update, delete';
}

/**
 * Gives the server’s role what it needs in the schema `public`, and takes away what it must not have; run after every
 * migration, as the owner. Tables and functions to come get the same by default privileges, except for writing: a new
 * table (a partition, say) is read-only until the next call.
 */
export async function grantServerRole(client: ClientBase, serverRole: string): Promise<void> {
  const role = escapeIdentifier(serverRole);
  const { rows } = await client.query<{ database: string; name: string; partition: boolean }>(
    `select current_database() as database, relname as name, relispartition as partition
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname`,
  );
  const database = rows[0]?.database;
  if (database === undefined) return;
  const writable = rows.filter((row) => writesOf(row.name, row.partition) !== '');
  const statements = [
    'begin',
    `grant connect on database ${escapeIdentifier(database)} to ${role}`,
    // A database may have been made with both open to everyone: temporary objects by default, the schema before version 15.
    `revoke temporary on database ${escapeIdentifier(database)} from public, ${role}`,
    `revoke create on schema public from public, ${role}`,
    `grant usage on schema public to ${role}`,
    `revoke all on all tables in schema public from ${role}`,
    `grant select on all tables in schema public to ${role}`,
    ...writable.map(
      ({ name, partition }) => `grant ${writesOf(name, partition)} on ${escapeIdentifier(name)} to ${role}`,
    ),
    `grant usage, select on all sequences in schema public to ${role}`,
    `grant execute on all functions in schema public to ${role}`,
    `alter default privileges in schema public grant select on tables to ${role}`,
    `alter default privileges in schema public grant usage, select on sequences to ${role}`,
    `alter default privileges in schema public grant execute on functions to ${role}`,
    'commit',
  ];
  // One simple query: all of it or nothing.
  await client.query(statements.join(';\n'));
}
