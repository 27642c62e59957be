/**
 * What the server’s role may do to the database, and what somebody could who has stolen its credential. The tables name every
 * relation and function: one that a later migration adds has no row here, and fails.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { serverRole, socketUrl } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { asAdmin, newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';
import { createDatabase } from '../support/database.ts';
import { appendRow, entry } from '../support/entries.ts';

const at = useTestApps();
let client: pg.Client;
let to: TestOrganization;

beforeAll(async () => {
  to = await newOrganization(at.app);
  const keyed = plainEntries(3).map((entry) => ({ ...entry, vault: { id: 'v' }, idempotencyKey: entry.request ?? '' }));
  await at.app.services.log.append(to, keyed);
  client = new pg.Client({ connectionString: at.database.url });
  await client.connect();
});
afterAll(() => client?.end());

/** SQLSTATE of the statement, which leaves nothing behind; null when it succeeds. */
async function attempt(text: string, begin = 'begin'): Promise<string | null> {
  await client.query(begin);
  try {
    await client.query(text);
    return null;
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? 'unknown') : String(error);
  } finally {
    await client.query('rollback');
  }
}

const insufficientPrivilege = '42501';

/** Beside reading: what the role may do to a table, and to which of its columns where that is not all. */
const reads = {};
const writes = { insert: true, update: 'all', delete: true } as const;
interface Rights {
  readonly insert?: boolean;
  readonly delete?: boolean;
  readonly update?: 'all' | readonly string[];
}
const tables: Readonly<Record<string, Rights>> = {
  _prisma_migrations: reads,
  access_window: writes,
  action_number: { insert: true },
  actor: { insert: true, update: ['email', 'name'] },
  api_token: writes,
  directory: { insert: true, update: ['kept_name', 'kind', 'name', 'parent_id'] },
  directory_grant: writes,
  entry_count: writes,
  follower: { insert: true, update: ['position', 'recorded_at'] },
  group_membership: writes,
  guard: { insert: true, update: ['delay_seconds', 'second_person'] },
  idempotency_key: reads,
  jwt_issuer: writes,
  log_entry: reads,
  log_head: { insert: true, update: ['rights_version'] },
  member: writes,
  member_group: writes,
  organization: { insert: true, update: ['limits', 'name'] },
  outbox: { insert: true, delete: true },
  pending_change: {
    insert: true,
    update: [
      'approvals',
      'code',
      'delay_seconds',
      'due_at',
      'ended_at',
      'expires_at',
      'request',
      'request_hash',
      'second_person',
      'state',
    ],
  },
  role: writes,
  saved_view: writes,
  search_block: reads,
  server_key: { insert: true },
  statistics_cell: writes,
  token_use: writes,
};

/** What each function of the database lets its caller do; all are called by the server, or by its operator. */
const functions: Readonly<Record<string, 'owner’s rights' | 'caller’s rights'>> = {
  add_search_blocks: 'owner’s rights',
  append_log_entries: 'owner’s rights',
  ensure_log_partitions: 'owner’s rights',
  fill_search_texts: 'owner’s rights',
  forget_idempotency_keys: 'owner’s rights',
  log_target_keys: 'caller’s rights',
  raise_recorded_floor: 'owner’s rights',
  rebuild_statistics: 'caller’s rights',
  register_actors: 'owner’s rights',
  register_directories: 'owner’s rights',
  require_read_committed: 'caller’s rights',
  search_candidates: 'caller’s rights',
};

interface Relation {
  readonly name: string;
  readonly kind: string;
  readonly partition: boolean;
  readonly insert: boolean;
  readonly delete: boolean;
  readonly others: boolean;
  readonly columns: string[];
  readonly updatable: string[];
}

const relations = () =>
  asAdmin<Relation>(
    at.database,
    `select c.relname as name, c.relkind as kind, c.relispartition as partition,
       has_table_privilege($1, c.oid, 'insert') as insert, has_table_privilege($1, c.oid, 'delete') as delete,
       has_table_privilege($1, c.oid, 'truncate, references, trigger') as others,
       array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         order by 1) as columns,
       array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         and has_column_privilege($1, c.oid, a.attnum, 'update') order by 1) as updatable
     from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind not in ('i', 'I', 'S', 't', 'c')
     order by c.relname`,
    [serverRole],
  );

const rightsOf = ({ name, partition }: Relation): Rights | undefined => (partition ? reads : tables[name]);

describe('tables', () => {
  test('each has a row, and the role has exactly these rights', async () => {
    const found = await relations();
    expect(found.filter(({ kind }) => kind !== 'r' && kind !== 'p')).toEqual([]);
    const named = found.filter(({ partition }) => !partition).map(({ name }) => name);
    expect(named).toEqual(Object.keys(tables));
    expect(found.filter(({ partition }) => partition).length).toBeGreaterThan(1);
    for (const relation of found) {
      const { insert = false, delete: removal = false, update = [] } = rightsOf(relation) ?? {};
      const updatable = update === 'all' ? relation.columns : update;
      const { name, kind, partition, columns } = relation;
      const expected = { name, kind, partition, columns, insert, delete: removal, others: false, updatable };
      expect.soft(relation).toEqual(expected);
    }
  });

  test('whatever it has no right to is refused, on every table and partition', async () => {
    for (const relation of await relations()) {
      const { insert, delete: removal, update } = rightsOf(relation) ?? {};
      const table = pg.escapeIdentifier(relation.name);
      const [column = ''] = relation.columns.filter((one) => update !== 'all' && !update?.includes(one));
      const forbidden = [
        ...(insert ? [] : [`insert into ${table} default values`]),
        ...(removal ? [] : [`delete from ${table}`, `delete from only ${table}`]),
        ...(update === 'all' ? [] : [`update ${table} set ${pg.escapeIdentifier(column)} = null`]),
        ...(update === undefined ? [`select from ${table} for update`, `select from ${table} for key share`] : []),
        `truncate ${table}`,
        ...(insert || update !== undefined ? [] : [`lock table ${table} in share mode`]),
        `drop table ${table}`,
        `alter table ${table} add column extra int`,
        `alter table ${table} disable trigger all`,
        `alter table ${table} disable row level security`,
        `alter table ${table} owner to ${serverRole}`,
        `create trigger late before insert on ${table} execute function suppress_redundant_updates_trigger()`,
        `create rule late as on insert to ${table} do instead nothing`,
        `create policy late on ${table} using (true)`,
        `create index on ${table} (${pg.escapeIdentifier(relation.columns[0] ?? '')})`,
        `comment on table ${table} is 'mine'`,
        ...(relation.partition ? [`alter table log_entry detach partition ${table}`] : []),
      ];
      for (const text of forbidden) expect.soft(await attempt(text), text).toBe(insufficientPrivilege);
    }
    const [log] = await asAdmin<{ entries: string; keys: string }>(
      at.database,
      'select (select count(*) from log_entry) as entries, (select count(*) from idempotency_key) as keys',
    );
    expect(log).toEqual({ entries: '3', keys: '3' });
  });

  test('nothing is deleted or changed along where it may not be by itself', async () => {
    const cascades = await asAdmin<{ from: string; to: string; removes: boolean; changes: boolean }>(
      at.database,
      `select k.conrelid::regclass::text as from, k.confrelid::regclass::text as to,
         k.confdeltype in ('c', 'n', 'd') as removes, k.confupdtype in ('c', 'n', 'd') as changes
       from pg_constraint k where k.contype = 'f' and k.connamespace = 'public'::regnamespace`,
    );
    expect(cascades.length).toBeGreaterThan(5);
    const open = cascades.filter(({ from, to: above, removes, changes }) => {
      const [own, other] = [tables[from], tables[above]];
      if (own?.delete && own.update === 'all') return false;
      return (removes && other?.delete) || (changes && other?.update === 'all');
    });
    expect(open).toEqual([]);
    expect(await attempt('delete from organization')).toBe(insufficientPrivilege);
    expect(await attempt('update organization set id = id + 1000')).toBe(insufficientPrivilege);
  });

  test('a partition that is made later is read-only, too', async () => {
    const future = '2051-03-01T00:00:00Z';
    await at.app.store.ensurePartitions(Date.parse(future), Date.parse(future));
    for (const text of [
      'insert into log_entry_2051_03 default values',
      'update log_entry_2051_03 set position = 0',
      'delete from log_entry_2051_03',
      'truncate log_entry_2051_03',
      'drop table log_entry_2051_03',
    ]) {
      expect.soft(await attempt(text), text).toBe(insufficientPrivilege);
    }
    expect(await attempt('select from log_entry_2051_03')).toBeNull();
  });
});

describe('functions', () => {
  test('each has a row, is the owner’s, and is closed to everybody else', async () => {
    const found = await asAdmin<{ name: string; definer: boolean; path: string | null; own: boolean; open: boolean }>(
      at.database,
      `select distinct p.proname as name, p.prosecdef as definer, p.proowner::regrole::text = $1 as own,
         (select split_part(c, '=', 2) from unnest(p.proconfig) c where c like 'search_path=%') as path,
         has_function_privilege('public', p.oid, 'execute') as open
       from pg_proc p where p.pronamespace = 'public'::regnamespace order by 1`,
      ['annals_owner'],
    );
    const expected = Object.entries(functions).map(([name, rights]) => ({
      name,
      definer: rights === 'owner’s rights',
      // Its own objects come last, so that none of them stands in for another.
      path: 'pg_catalog, public, pg_temp',
      own: true,
      open: false,
    }));
    expect(found).toEqual(expected);
  });

  test('none can be replaced, altered or dropped', async () => {
    const found = await asAdmin<{ signature: string }>(
      at.database,
      "select oid::regprocedure::text as signature from pg_proc where pronamespace = 'public'::regnamespace",
    );
    for (const { signature } of found) {
      for (const text of [
        `alter function ${signature} security invoker`,
        `alter function ${signature} set search_path = pg_temp, public`,
        `alter function ${signature} owner to ${serverRole}`,
        `drop function ${signature}`,
      ]) {
        expect.soft(await attempt(text), text).toBe(insufficientPrivilege);
      }
    }
    const replacement =
      'create or replace function require_read_committed() returns void language sql as $$ select 1 $$';
    expect(await attempt(replacement)).toBe(insufficientPrivilege);
  });
});

describe('what a stolen credential can do through the functions', () => {
  interface Row {
    readonly position: string;
    readonly recorded_at: Date;
    readonly id: string;
    readonly row: string;
  }
  const stored = () =>
    asAdmin<Row>(
      at.database,
      'select position, recorded_at, id, e::text as row from log_entry e where organization_id = $1 order by position',
      [to.organization],
    );
  const forged = (id: string) => {
    const [one] = fc.sample(entry, { numRuns: 1, seed: 1 });
    if (one === undefined) throw new TypeError('no entry was drawn');
    return appendRow({ ...one, id }, Buffer.alloc(80), Buffer.alloc(32));
  };

  test('it appends at the end of a log, whatever place and time it states, and changes no entry', async () => {
    const before = await stored();
    const last = before.at(-1);
    if (last === undefined) throw new TypeError('the log is empty');
    const { store } = at.app;
    for (const floor of [Date.UTC(1990, 0), Date.UTC(2500, 0), null]) {
      await store.appendBatch(to.organization, Date.UTC(1990, 0), floor, [forged(last.id)]);
    }
    const after = await stored();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ position }) => position)).toEqual(after.map((_, index) => String(index)));
    const times = after.slice(before.length).map((row) => row.recorded_at);
    expect(times).toEqual(times.map(() => last.recorded_at));
  });

  test('it makes no log, and no transaction in which positions could be given twice', async () => {
    const call = (organization: number) =>
      `select append_log_entries(${[organization, 'now(), now()', ...Array(31).fill('null')].join(', ')})`;
    expect(await attempt(call(to.organization))).toBeNull();
    expect(await attempt(call(to.organization + 1_000_000))).toBe('02000');
    for (const level of ['repeatable read', 'serializable']) {
      expect(await attempt(call(to.organization), `begin isolation level ${level}`)).toBe('25000');
    }
  });

  test('it moves no directory, takes nobody’s number, and closes no time that lies ahead', async () => {
    const { store } = at.app;
    const [known] = await store.findDirectories(to.organization, ['v']);
    const place = { kind: 'FOLDER', externalId: 'v', name: 'Mine', parent: 'other' } as const;
    expect(
      await store.registerDirectories(to.organization, [{ ...place, externalId: 'other', parent: null }, place]),
    ).toEqual([expect.any(Number), known?.number]);
    expect(await store.findDirectories(to.organization, ['v'])).toEqual([known]);
    const closed = await store.raiseRecordedFloor(to.organization, Date.UTC(2500, 0));
    expect(closed).toBeLessThan(Date.now() + 60_000);
  });
});

test('the role is nobody else, owns nothing, and can neither become nor make anything', async () => {
  const [role] = await asAdmin(
    at.database,
    `select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as privileged,
       (select count(*) from pg_auth_members where member = r.oid) as memberships,
       (select count(*) from pg_shdepend where refclassid = 'pg_authid'::regclass and refobjid = r.oid and deptype = 'o') as owned
     from pg_roles r where rolname = $1`,
    [serverRole],
  );
  expect(role).toEqual({ privileged: false, memberships: '0', owned: '0' });
  for (const text of [
    'set role annals_owner',
    'set role postgres',
    'set session authorization annals_owner',
    "set session_replication_role = 'replica'",
    'alter role annals superuser',
    'alter role annals_owner password null',
    'grant annals_owner to annals',
    'create role thief',
    'create schema thief',
    'create table thief (id int)',
    'create temporary table thief (id int)',
    'create view thief as select 1',
    'create function thief() returns int language sql as $$ select 1 $$',
    'create function pg_temp.thief() returns int language sql as $$ select 1 $$',
    'create event trigger thief on ddl_command_start execute function suppress_redundant_updates_trigger()',
    'create publication thief for all tables',
    'create extension pg_buffercache',
    'alter schema public owner to annals',
    'alter default privileges for role annals_owner grant all on tables to annals',
    'reassign owned by annals_owner to annals',
    'drop owned by annals_owner',
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/annals-thief'",
    "copy server_key from '/etc/hostname'",
    "select pg_read_file('PG_VERSION')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/hostname')",
    'select * from pg_authid',
    'select * from pg_hba_file_rules',
    "select setval('actor_id_seq', 1)",
    'checkpoint',
  ]) {
    expect.soft(await attempt(text), text).toBe(insufficientPrivilege);
  }
  // These do not run inside a transaction.
  for (const text of ['create database thief', 'alter system set fsync = off']) {
    await expect.soft(client.query(text), text).rejects.toMatchObject({ code: insufficientPrivilege });
  }
});

test('another database of the same server is closed to it, secrets included', async () => {
  // As another installation on the same server has it, whose server’s role is another one.
  await using other = await createDatabase({ empty: true });
  await migrate(other.ownerUrl);
  const { socketDirectory } = inject('postgres');
  const stranger = new pg.Client({ connectionString: socketUrl(serverRole, other.name, socketDirectory) });
  await stranger.connect();
  try {
    for (const name of ['server_key', 'api_token', 'log_entry', 'member']) {
      await expect.soft(stranger.query(`select * from ${name}`), name).rejects.toMatchObject({
        code: insufficientPrivilege,
      });
    }
    await expect(stranger.query('select ensure_log_partitions(now(), now())')).rejects.toMatchObject({
      code: insufficientPrivilege,
    });
  } finally {
    await stranger.end();
  }
});
