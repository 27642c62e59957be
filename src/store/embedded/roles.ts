import pg from 'pg';
import { superuser } from './cluster.ts';

/** The role that owns the database and migrates, and the one that serves. */
export const ownerRole = 'annals_owner';
export const serverRole = 'annals';
const databaseName = 'annals';

/**
 * A connection URL over the embedded socket, for node-postgres and libpq alike. `port` and `sslmode` are stated so that
 * PGPORT and PGSSLMODE in the environment change nothing.
 */
export function socketUrl(role: string, database: string, socketDirectory: string): string {
  return `postgresql://${role}@localhost:5432/${database}?host=${encodeURIComponent(socketDirectory)}&sslmode=disable`;
}

export interface SocketUrls {
  readonly url: string;
  readonly ownerUrl: string;
  readonly adminUrl: string;
}

export function socketUrls(socketDirectory: string): SocketUrls {
  return {
    url: socketUrl(serverRole, databaseName, socketDirectory),
    ownerUrl: socketUrl(ownerRole, databaseName, socketDirectory),
    adminUrl: socketUrl(superuser, 'postgres', socketDirectory),
  };
}

/** Creates the two roles and the database where they are missing: a crash between any two steps is made good here. */
export async function ensureRoles(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    const roles = await client.query<{ rolname: string }>('select rolname from pg_roles');
    for (const role of [ownerRole, serverRole]) {
      if (!roles.rows.some((row) => row.rolname === role)) await client.query(`create role ${role} login`);
    }
    const databases = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (databases.rowCount === 0) await client.query(`create database ${databaseName} owner ${ownerRole}`);
  } finally {
    await client.end();
  }
}
