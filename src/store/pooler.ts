/**
 * Working through a pooler that lends a connection for one transaction at a time (pgbouncer’s transaction mode). Nothing of a
 * session lasts there: no prepared statement, no LISTEN, no setting that the pooler does not know of.
 */
import pg from 'pg';
import { storeFault } from './fault.ts';

/** Sent on each new connection: poolers keep track of these two, and set them again wherever they take the next statement. */
export const trackedSettings = "set timezone to 'UTC'; set datestyle to 'ISO'";

/** What else the statements rely on; a pooler passes none of it on. */
const storedSettings = (statementTimeoutMs: number): Readonly<Record<string, string>> => ({
  statement_timeout: String(statementTimeoutMs),
  default_transaction_isolation: 'read committed',
  jit: 'off',
});

/** Any number that nothing else locks. */
const lock = 'pg_advisory_xact_lock(7305112, 2)';

/**
 * Stores the settings with the server’s own role, for this database: its next connections have them from their start. Only
 * what differs is written. Those that the pooler holds open already keep what they have until it replaces them.
 */
export async function storeRoleSettings(url: string, statementTimeoutMs: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin');
    await client.query(`select ${lock}`);
    const { rows } = await client.query<{ database: string; settings: string[] }>(
      `select d.datname as database, coalesce(s.setconfig, '{}') as settings from pg_database d
         join pg_roles r on r.rolname = current_user
         left join pg_db_role_setting s on s.setdatabase = d.oid and s.setrole = r.oid
       where d.datname = current_database()`,
    );
    const { database = '', settings = [] } = rows[0] ?? {};
    for (const [name, value] of Object.entries(storedSettings(statementTimeoutMs))) {
      if (settings.includes(`${name}=${value}`)) continue;
      const text = `alter role current_user in database ${pg.escapeIdentifier(database)} set ${name} to ${pg.escapeLiteral(value)}`;
      await client.query(text);
    }
    await client.query('commit');
  } catch (error) {
    throw storeFault(error);
  } finally {
    await client.end().catch(() => {});
  }
}
