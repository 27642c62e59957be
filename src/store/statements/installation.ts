/** What belongs to the installation, not to one organization: numbers of actions, shared keys. */
import type { CursorKey } from '../../model/cursor.ts';
import type { Database } from '../database.ts';

/** The numbers of the actions’ keys; unknown keys get one. */
export async function registerActions(database: Database, keys: readonly string[]): Promise<Map<string, number>> {
  await database.rows(
    'insert into action_number (key) select k from unnest($1::text[]) k on conflict (key) do nothing',
    [keys],
  );
  return readActionNumbers(database);
}

export async function readActionNumbers(database: Database): Promise<Map<string, number>> {
  const rows = await database.rows<[string, number]>('select key, id from action_number', []);
  return new Map(rows);
}

/** The keys of a purpose, newest first; the first server to ask makes one. */
export async function serverKeys(database: Database, purpose: string, secret: Uint8Array): Promise<CursorKey[]> {
  // Servers that start together insert the same number; one of them wins.
  await database.rows('insert into server_key (purpose, number, secret) values ($1, 1, $2) on conflict do nothing', [
    purpose,
    secret,
  ]);
  const rows = await database.rows<[number, Buffer]>(
    'select number, secret from server_key where purpose = $1 order by number desc',
    [purpose],
  );
  return rows.map(([id, bytes]) => ({ id, secret: bytes }));
}

/** Closes the time before the returned one: nothing is recorded earlier from now on. */
export async function raiseRecordedFloor(database: Database, organization: number, now: number): Promise<number> {
  const [row] = await database.rows<[number]>('select raise_recorded_floor($1, $2)', [
    organization,
    new Date(now).toISOString(),
  ]);
  return row?.[0] ?? now;
}
