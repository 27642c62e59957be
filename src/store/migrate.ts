import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  DiagnoseMigrationHistoryOutput,
  MigrationList,
  SchemaEngine,
} from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { AnnalsError } from '../errors.ts';
import { grantServerRole } from './grants.ts';
import { completePartitionIndexes } from './partition-indexes.ts';
import { withSchemaEngine } from './schema-engine.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface MigrateOptions {
  /** The role that serves; gets its grants when it is not the owner. */
  readonly serverRole?: string;
  readonly log?: (line: string) => void;
  /** Default: the migrations that this Annals was released with. */
  readonly migrationsDirectory?: string;
}

/** Servers that start together take turns under this advisory lock; the number has no meaning (“annals” in base 36). */
const migrationLock = 642_127_408;
const oldestVersion = 15;
const filters = { externalTables: [], externalEnums: [] };

/**
 * Brings the database to this Annals’ schema, exactly as `prisma migrate deploy` does, and returns the names of the
 * migrations that it applied. Servers that start at once wait for the one that migrates.
 *
 * Errors: DATABASE_UNREACHABLE, DATABASE_UNSUPPORTED, SCHEMA_NEWER (it has migrations that are not known here),
 * SCHEMA_DAMAGED (a migration’s file was changed after it was applied, or fails).
 */
export async function migrate(ownerUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const client = await connect(ownerUrl);
  try {
    const owner = await checkServer(client);
    await client.query('set statement_timeout = 0; set lock_timeout = 0; set idle_session_timeout = 0');
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    const migrations = await readMigrations(options.migrationsDirectory ?? join(root, 'migrations'));
    let said: string | undefined;
    const onScriptError = (message: string): void => {
      said = message;
    };
    const applied = await withSchemaEngine(ownerUrl, { onScriptError }, (engine) =>
      apply(engine, migrations, (cause) => failed(client, said, cause)),
    );
    for (const name of applied) options.log?.(`applied the migration ${name}`);
    for (const name of await completePartitionIndexes(client)) options.log?.(`made the index ${name}`);
    if (options.serverRole !== undefined && options.serverRole !== owner)
      await grantServerRole(client, options.serverRole);
    return applied;
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

/** How a database’s migrations stand to those that this Annals was released with, by name. */
export interface MigrationState {
  /** Known here, and not applied. */
  readonly pending: readonly string[];
  /** Applied, and not known here. */
  readonly unknown: readonly string[];
  /** Changed after they were applied. */
  readonly edited: readonly string[];
  /** Failed, or interrupted half-way. */
  readonly failed: readonly string[];
}

/** The state, judged by the engine that migrates; changes nothing. */
export async function migrationState(ownerUrl: string): Promise<MigrationState> {
  const migrationsList = await readMigrations(join(root, 'migrations'));
  return withSchemaEngine(ownerUrl, {}, async (engine) => {
    const state = await engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters });
    const { history } = state;
    return {
      pending: history !== null && 'unappliedMigrationNames' in history ? history.unappliedMigrationNames : [],
      unknown: history !== null && 'unpersistedMigrationNames' in history ? history.unpersistedMigrationNames : [],
      edited: state.editedMigrationNames,
      failed: state.failedMigrationNames,
    };
  });
}

/** SQL that would turn the database into what schema.prisma says; empty when they agree. Changes nothing. */
export async function schemaDrift(databaseUrl: string, schemaFile = join(root, 'schema.prisma')): Promise<string> {
  const schema = { path: schemaFile, content: await readFile(schemaFile, 'utf8') };
  return withSchemaEngine(databaseUrl, { schema }, async (engine) => {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: dirname(schemaFile) },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters,
    });
    const sql = (stdout ?? '').trim();
    return sql === '-- This is an empty migration.' ? '' : sql;
  });
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  try {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
    // A connection that breaks fails its next query; without a listener it would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new AnnalsError('DATABASE_UNREACHABLE', { message: `The database cannot be reached: ${reason}.`, cause });
  }
}

/** Returns the name of the connected role. */
async function checkServer(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: number; encoding: string; role: string }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
            current_user as role`,
  );
  const server = rows[0] ?? { version: 0, encoding: 'unknown', role: '' };
  const major = Math.floor(server.version / 10_000);
  if (major < oldestVersion) {
    throw new AnnalsError('DATABASE_UNSUPPORTED', {
      message: `The database is PostgreSQL ${major}; Annals runs on ${oldestVersion} or later.`,
    });
  }
  if (server.encoding !== 'UTF8') {
    throw new AnnalsError('DATABASE_UNSUPPORTED', {
      message: `The database’s encoding is ${server.encoding}; Annals needs UTF8.`,
      cure: "Create it again: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    });
  }
  return server.role;
}

/** Names of the migrations that this Annals was released with. */
export async function knownMigrations(directory = join(root, 'migrations')): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function readMigrations(directory: string): Promise<MigrationList> {
  const names = await knownMigrations(directory);
  const read = (...path: string[]): Promise<string> => readFile(join(directory, ...path), 'utf8');
  return {
    baseDir: directory,
    lockfile: { path: 'migration_lock.toml', content: await read('migration_lock.toml').catch(() => null) },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.sort().map(async (path) => ({
        path,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok' as const, value: await read(path, 'migration.sql') },
        },
      })),
    ),
  };
}

async function apply(
  engine: SchemaEngine,
  migrationsList: MigrationList,
  failure: (cause?: unknown) => Promise<AnnalsError>,
): Promise<string[]> {
  const diagnose = (): Promise<DiagnoseMigrationHistoryOutput> =>
    engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters });
  let state = await diagnose();
  refuseNewer(state);
  for (const migrationName of state.failedMigrationNames) {
    // A file is one transaction, so a failed or interrupted one left nothing behind: forget it and try again.
    if (!isAtomic(migrationsList, migrationName)) throw await failure();
    await engine.markMigrationRolledBack({ migrationName });
  }
  if (state.failedMigrationNames.length > 0) state = await diagnose();
  if (state.editedMigrationNames.length > 0) {
    throw new AnnalsError('SCHEMA_DAMAGED', {
      message: `Changed after it was applied to this database: ${state.editedMigrationNames.join(', ')}.`,
    });
  }
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
    return appliedMigrationNames;
  } catch (cause) {
    throw await failure(cause);
  }
}

function refuseNewer(state: DiagnoseMigrationHistoryOutput): void {
  if (state.history === null || state.history.diagnostic === 'databaseIsBehind') return;
  const names = state.history.unpersistedMigrationNames;
  throw new AnnalsError('SCHEMA_NEWER', {
    message: `The database has migrations that this Annals does not know: ${names.join(', ')}.`,
  });
}

/** Whether the whole file takes effect or none of it: it neither steers transactions nor leaves them. */
function isAtomic(migrations: MigrationList, name: string): boolean {
  const found = migrations.migrationDirectories.find((directory) => directory.path === name);
  return !/^\s*(begin|commit|start\s+transaction)\s*;|\bconcurrently\b/im.test(
    found?.migrationFile.content.value ?? 'commit;',
  );
}

/** Names the migration that failed last, which the engine keeps in its table, and what PostgreSQL said about it. */
async function failed(client: pg.Client, said: string | undefined, cause: unknown): Promise<AnnalsError> {
  const { rows } = await client
    .query<{ migration_name: string; logs: string | null }>(
      `select migration_name, logs from _prisma_migrations
        where finished_at is null and rolled_back_at is null order by started_at desc limit 1`,
    )
    .catch((error: unknown) => {
      // No such table: the engine refused before it had made its own.
      if (error instanceof pg.DatabaseError && error.code === '42P01') return { rows: [] };
      throw new AnnalsError('DATABASE_UNREACHABLE', { message: 'The database went away during the migration.', cause });
    });
  const row = rows[0];
  const words = said ?? row?.logs ?? (cause instanceof Error ? cause.message : 'it was interrupted');
  // The engine appends where in its own code it was.
  const reason = words.split(/\n\s*0: /)[0]?.trim();
  return new AnnalsError('SCHEMA_DAMAGED', {
    message:
      row === undefined ? `The migrations failed: ${reason}` : `The migration ${row.migration_name} failed: ${reason}`,
    // Without a cause it was not tried again, since part of it may have taken effect: the table’s cure holds.
    ...(cause === undefined
      ? {}
      : { cure: 'Remove the cause that the message names and start again; nothing is left of it.' }),
    cause,
  });
}
