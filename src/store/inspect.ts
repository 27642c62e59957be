/** Facts about a database, asked without changing anything: for who looks why an installation does not work. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { AnnalsError } from '../errors.ts';
import { writesOf } from './grants.ts';
import { type FollowerFacts, readFollowers } from './inspect-followers.ts';

export type { FollowerFacts } from './inspect-followers.ts';

/** How long connecting, and then a statement, may take, in milliseconds. */
const patienceMs = 10_000;
/** How long a notification may take, in milliseconds. */
const hintMs = 3000;

export interface ServerFacts {
  readonly role: string;
  readonly superuser: boolean;
  readonly database: string;
  /** Such as 180004 for 18.4. */
  readonly version: number;
  readonly encoding: string;
  /** A standby, or set to be read-only. */
  readonly readOnly: boolean;
  /** Of this session, by name. */
  readonly settings: Readonly<Record<'fsync' | 'full_page_writes' | 'synchronous_commit', string>>;
  /** How far its clock is ahead of this process’s, in milliseconds, give or take `clockErrorMs`. */
  readonly clockAheadMs: number;
  readonly clockErrorMs: number;
  readonly connections: { readonly most: number; readonly used: number };
}

/** What the connected role may do beside what it must. */
export interface RightsFacts {
  /** Names of tables and functions that it owns, itself or through a role that it is a member of. */
  readonly owns: readonly string[];
  /** Such as `DELETE on log_entry`. */
  readonly tooMuch: readonly string[];
  readonly tooLittle: readonly string[];
}

/** Entries that tell of changes, written and not yet in the log. */
export interface OutboxFacts {
  readonly batches: number;
  /** In milliseconds; null without any. */
  readonly oldestMs: number | null;
}

export interface Inspection extends AsyncDisposable {
  server(): Promise<ServerFacts>;
  rights(): Promise<RightsFacts>;
  /** Whether the log’s table is there at all. */
  hasLog(): Promise<boolean>;
  /** Months that have a partition, such as `2026-11`. */
  partitions(): Promise<readonly string[]>;
  /** What waits to be recorded; null before the migration that makes the table. */
  outbox(): Promise<OutboxFacts | null>;
  /** What follows the logs and is behind; null before the migration that makes the table. */
  followers(): Promise<readonly FollowerFacts[] | null>;
}

/** What each cause of a refused connection asks for. */
const cures: Readonly<Record<string, string>> = {
  '28P01': 'Correct the password in the address, or set it: ALTER ROLE … PASSWORD ….',
  '28000': 'Let the role sign in from here in the server’s pg_hba.conf.',
  '3D000': 'Create the database, with encoding UTF8, or correct its name in the address.',
  '53300': 'Close other clients; or raise max_connections, or the role’s CONNECTION LIMIT.',
  '57P03': 'Wait until the server has started or recovered.',
  ECONNREFUSED: 'Start PostgreSQL, or correct host and port in the address.',
  ENOENT: 'Start PostgreSQL, or correct the directory of its socket.',
  ENOTFOUND: 'Correct the host in the address.',
};

function unreachable(cause: unknown): AnnalsError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = cause instanceof Error ? cause.message || code || cause.name : String(cause);
  return new AnnalsError('DATABASE_UNREACHABLE', {
    message: `The database cannot be reached: ${reason}.`,
    ...(cures[code] === undefined ? {} : { cure: cures[code] }),
    cause,
  });
}

/** No limits are sent along: a pooler would refuse what it does not know. */
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'annals doctor',
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  client.on('error', () => {});
  await client.connect().catch(async (cause: unknown) => {
    await client.end().catch(() => {});
    throw unreachable(cause);
  });
  return client;
}

/** Throws DATABASE_UNREACHABLE with the cure for its cause. */
export async function openInspection(url: string): Promise<Inspection> {
  const client = await connect(url);
  const rows = async <Row extends pg.QueryResultRow>(text: string) => (await client.query<Row>(text)).rows;
  const hasTable = async (name: string) => {
    const [row] = await rows<{ found: boolean }>(`select to_regclass('public.${name}') is not null as found`);
    return row?.found === true;
  };
  return {
    server: () => readServer(client),
    rights: () => readRights(client),
    hasLog: () => hasTable('log_entry'),
    async partitions() {
      const found = await rows<{ name: string }>(
        `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = 'public.log_entry'::regclass order by 1`,
      );
      return found.flatMap(({ name }) => /^log_entry_(\d{4})_(\d\d)$/.exec(name)?.slice(1).join('-') ?? []);
    },
    async outbox() {
      if (!(await hasTable('outbox'))) return null;
      const [row] = await rows<{ batches: number; oldest: number | null }>(
        `select count(*)::int as batches, (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as oldest
           from outbox`,
      );
      return { batches: row?.batches ?? 0, oldestMs: row?.oldest ?? null };
    },
    followers: async () =>
      (await hasTable('follower')) ? readFollowers(client, await hasTable('search_block')) : null,
    [Symbol.asyncDispose]: () => client.end().catch(() => {}),
  };
}

async function readServer(client: pg.Client): Promise<ServerFacts> {
  const before = Date.now();
  const { rows } = await client.query<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  );
  const after = Date.now();
  const found = await client.query<Omit<ServerFacts, 'settings' | 'connections'> & Record<string, string | number>>(
    `select current_user as role, (select rolsuper from pg_roles where rolname = current_user) as superuser,
       current_database() as database, current_setting('server_version_num')::int as version,
       current_setting('server_encoding') as encoding,
       pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as "readOnly",
       current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
       (select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()) as used`,
  );
  const [row] = found.rows;
  if (row === undefined) throw new TypeError('the database answered without a row');
  const { role, superuser, database, version, encoding, readOnly, most, used } = row;
  const setting = (name: keyof ServerFacts['settings']) => String(row[name]);
  return {
    ...{ role, superuser, database, version, encoding, readOnly },
    settings: {
      fsync: setting('fsync'),
      full_page_writes: setting('full_page_writes'),
      synchronous_commit: setting('synchronous_commit'),
    },
    clockAheadMs: Math.round((rows[0]?.now ?? before) - (before + after) / 2),
    clockErrorMs: Math.ceil((after - before) / 2),
    connections: { most: Number(most), used: Number(used) },
  };
}

interface TableRights {
  readonly name: string;
  readonly partition: boolean;
  readonly owned: boolean;
  readonly read: boolean;
  readonly insert: boolean;
  readonly delete: boolean;
  readonly truncate: boolean;
  readonly columns: readonly string[];
  readonly updatable: readonly string[];
}

/** Compared with what src/store/grants.ts gives. */
async function readRights(client: pg.Client): Promise<RightsFacts> {
  const tables = await client.query<TableRights>(
    `select c.relname as name, c.relispartition as partition, pg_has_role(c.relowner, 'MEMBER') as owned,
       has_table_privilege(c.oid, 'SELECT') as read, has_table_privilege(c.oid, 'INSERT') as insert,
       has_table_privilege(c.oid, 'DELETE') as delete, has_table_privilege(c.oid, 'TRUNCATE') as truncate,
       array_agg(a.attname::text order by a.attname) as columns,
       coalesce(array_agg(a.attname::text order by a.attname) filter (where has_column_privilege(c.oid, a.attnum, 'UPDATE')), '{}')
         as updatable
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
     group by c.oid order by c.relname`,
  );
  const functions = await client.query<{ name: string; owned: boolean; callable: boolean }>(
    `select p.proname as name, bool_or(pg_has_role(p.proowner, 'MEMBER')) as owned,
       bool_and(has_function_privilege(p.oid, 'EXECUTE')) as callable
     from pg_proc p where p.pronamespace = 'public'::regnamespace group by p.proname order by 1`,
  );
  const owns = [...tables.rows, ...functions.rows].filter(({ owned }) => owned).map(({ name }) => name);
  const differences = tables.rows.map(differencesOf);
  return {
    owns,
    tooMuch: differences.flatMap(({ tooMuch }) => tooMuch),
    tooLittle: [
      ...differences.flatMap(({ tooLittle }) => tooLittle),
      ...functions.rows.filter(({ callable }) => !callable).map(({ name }) => `EXECUTE on ${name}`),
    ],
  };
}

function differencesOf(table: TableRights) {
  const writes = writesOf(table.name, table.partition);
  // As in `insert, update (name, email)`; without columns all of them.
  const [update, some] = /\bupdate\b(?: \(([^)]*)\))?/.exec(writes) ?? [];
  const mayUpdate = update === undefined ? [] : (some?.split(', ') ?? table.columns);
  const tooMuch: string[] = [];
  const tooLittle: string[] = [];
  const compare = (right: string, must: boolean, may: boolean) => {
    if (may && !must) tooMuch.push(`${right} on ${table.name}`);
    if (must && !may) tooLittle.push(`${right} on ${table.name}`);
  };
  compare('SELECT', true, table.read);
  compare('INSERT', /\binsert\b/.test(writes), table.insert);
  compare('DELETE', /\bdelete\b/.test(writes), table.delete);
  compare('TRUNCATE', false, table.truncate);
  const [more, less] = [
    table.updatable.filter((column) => !mayUpdate.includes(column)),
    mayUpdate.filter((column) => !table.updatable.includes(column)),
  ];
  if (more.length > 0) tooMuch.push(`UPDATE on ${table.name}`);
  if (less.length > 0) tooLittle.push(`UPDATE on ${table.name}`);
  return { tooMuch, tooLittle };
}

/** Whether a notification that is sent over one address arrives at a listener on another; in how many milliseconds. */
export async function notificationMs(listenUrl: string, sendUrl: string): Promise<number | null> {
  const [listener, sender] = await Promise.all([connect(listenUrl), connect(sendUrl)]);
  try {
    const word = randomUUID();
    const { promise, resolve } = Promise.withResolvers<number>();
    await listener.query('listen annals_doctor');
    const sent = performance.now();
    listener.on('notification', ({ payload }) => {
      if (payload === word) resolve(performance.now() - sent);
    });
    await sender.query(`notify annals_doctor, '${word}'`);
    const patience = new AbortController();
    const late = delay(hintMs, null, { signal: patience.signal }).catch(() => null);
    const arrived = await Promise.race([promise, late]);
    patience.abort();
    return arrived === null ? null : Math.round(arrived);
  } finally {
    await Promise.all([listener.end().catch(() => {}), sender.end().catch(() => {})]);
  }
}

/** What stands between this process and the database: nothing, a pooler that keeps sessions, or one that does not. */
export type Pooler = 'none' | 'session' | 'transaction';

/**
 * A pooler makes up the process id that PostgreSQL tells at the start of a session. One in transaction mode lends an idle
 * session’s connection to the next client: that client then talks to the same process.
 */
export async function findPooler(url: string): Promise<Pooler> {
  const processOf = async (client: pg.Client) =>
    (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
  const first = await connect(url);
  try {
    const told: unknown = Reflect.get(first, 'processID');
    const mine = await processOf(first);
    const second = await connect(url);
    try {
      if ((await processOf(second)) === mine) return 'transaction';
    } finally {
      await second.end().catch(() => {});
    }
    return told === mine ? 'none' : 'session';
  } finally {
    await first.end().catch(() => {});
  }
}
