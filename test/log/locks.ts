/** Another session that holds what an append needs, so that a test can stop it at a chosen step. */
import pg from 'pg';
import { asAdmin, until } from '../support/app.ts';
import type { TestDatabase } from '../support/database.ts';

/** Runs the locking statement as the superuser, in a transaction that ends when the result is disposed. */
export async function hold(database: TestDatabase, lock: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  await client.query('begin');
  await client.query(lock);
  return { [Symbol.asyncDispose]: () => client.end() };
}

export const headLock = (organization: number) =>
  `select from log_head where organization_id = ${organization} for update`;

/** Process ids of the app’s sessions that wait for a lock, once there are `count`. */
export async function waitingSessions(database: TestDatabase, count: number): Promise<number[]> {
  const rows = await until(async () => {
    const found = await asAdmin<{ pid: number }>(
      database,
      `select pid from pg_stat_activity
       where datname = current_database() and application_name = 'annals' and wait_event_type = 'Lock'`,
    );
    return found.length >= count ? found : null;
  });
  return (rows ?? []).map((row) => row.pid);
}
