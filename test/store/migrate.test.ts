import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, schemaDrift } from '../../src/store/migrate.ts';
import { createDatabase } from '../support/database.ts';

let directory = '';
let copies = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-migrations-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** A copy of the released migrations, with more of them where given by name and SQL. */
async function migrationsWith(more: Readonly<Record<string, string>>): Promise<string> {
  copies += 1;
  const copy = join(directory, String(copies));
  await cp('migrations', copy, { recursive: true });
  for (const [name, sql] of Object.entries(more)) {
    await mkdir(join(copy, name), { recursive: true });
    await writeFile(join(copy, name, 'migration.sql'), sql);
  }
  return copy;
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const later = '29990101000000_later';

describe('migrate', () => {
  it('applies everything once, also when two servers start at once', async () => {
    await using database = await createDatabase({ empty: true });
    const [first, second] = await Promise.all([migrate(database.ownerUrl), migrate(database.ownerUrl)]);
    expect([...first, ...second].length).toBeGreaterThan(0);
    expect(Math.min(first.length, second.length)).toBe(0);
    expect(await migrate(database.ownerUrl)).toEqual([]);
    const rows = await query<{ unfinished: string }>(
      database.ownerUrl,
      'select count(*) as unfinished from _prisma_migrations where finished_at is null',
    );
    expect(rows[0]?.unfinished).toBe('0');
  });

  it('sends a file whole, functions with semicolons included', async () => {
    await using database = await createDatabase();
    const sql =
      'create function seven() returns int language plpgsql as $$ begin perform 1; return 7; end $$; select 1;';
    expect(await migrate(database.ownerUrl, { migrationsDirectory: await migrationsWith({ [later]: sql }) })).toEqual([
      later,
    ]);
    expect(await query(database.ownerUrl, 'select seven()')).toEqual([{ seven: 7 }]);
  });

  it('does not mind the database’s own style of dates', async () => {
    await using database = await createDatabase();
    const { name } = database;
    await query(database.adminUrl, `alter database ${name} set datestyle to 'German, DMY'`);
    await query(database.adminUrl, `alter database ${name} set timezone to 'Asia/Tokyo'`);
    expect(await migrate(database.ownerUrl)).toEqual([]);
  });

  it('refuses a database that a newer Annals migrated', async () => {
    await using database = await createDatabase();
    await migrate(database.ownerUrl, { migrationsDirectory: await migrationsWith({ [later]: 'select 1;' }) });
    await expect(migrate(database.ownerUrl)).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      message: expect.stringContaining(later),
    });
  });

  it('refuses a migration that was changed after it was applied', async () => {
    await using database = await createDatabase();
    const migrationsDirectory = await migrationsWith({ [later]: 'select 1;' });
    await migrate(database.ownerUrl, { migrationsDirectory });
    await writeFile(join(migrationsDirectory, later, 'migration.sql'), 'select 2;');
    await expect(migrate(database.ownerUrl, { migrationsDirectory })).rejects.toMatchObject({
      code: 'SCHEMA_DAMAGED',
      message: expect.stringContaining(later),
    });
  });

  it('reports a migration that fails, leaves nothing of it, and applies it once the cause is gone', async () => {
    await using database = await createDatabase();
    const sql = 'create table half (id int); insert into missing values (1);';
    const migrationsDirectory = await migrationsWith({ [later]: sql });
    const failure = { code: 'SCHEMA_DAMAGED', message: expect.stringContaining('relation "missing" does not exist') };
    await expect(migrate(database.ownerUrl, { migrationsDirectory })).rejects.toMatchObject(failure);
    await expect(migrate(database.ownerUrl, { migrationsDirectory })).rejects.toMatchObject(failure);
    expect(await query(database.ownerUrl, `select to_regclass('half')`)).toEqual([{ to_regclass: null }]);
    await query(database.ownerUrl, 'create table missing (id int)');
    expect(await migrate(database.ownerUrl, { migrationsDirectory })).toEqual([later]);
  });

  it('does not repeat a failed migration that may have taken effect in part', async () => {
    await using database = await createDatabase();
    const sql = 'create table half (id int);\ncommit;\ninsert into missing values (1);';
    const migrationsDirectory = await migrationsWith({ [later]: sql });
    await expect(migrate(database.ownerUrl, { migrationsDirectory })).rejects.toMatchObject({ code: 'SCHEMA_DAMAGED' });
    await query(database.ownerUrl, 'create table missing (id int)');
    await expect(migrate(database.ownerUrl, { migrationsDirectory })).rejects.toMatchObject({ code: 'SCHEMA_DAMAGED' });
  });

  it('makes an index of the log on each partition by itself, and goes on where it was interrupted', async () => {
    await using database = await createDatabase();
    const indexes = () =>
      query(
        database.ownerUrl,
        `select c.relname, i.indisvalid, (select count(*)::int from pg_inherits h where h.inhparent = i.indexrelid) as parts
         from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'log_entry'::regclass`,
      );
    const [months] = await query(
      database.ownerUrl,
      `select count(*)::int as count from pg_inherits where inhparent = 'log_entry'::regclass`,
    );
    const parts = months?.count;
    for (const index of await indexes()) expect(index).toMatchObject({ indisvalid: true, parts });
    // A later version: its index, and what it came to before it was killed.
    const sql = 'create index late_idx on only log_entry (severity) where severity > 8;';
    await query(database.ownerUrl, `select ensure_log_partitions('2031-05-01Z', '2031-05-01Z')`);
    const migrationsDirectory = await migrationsWith({
      [later]: `${sql} create index early on log_entry_2031_05 (severity) where severity > 8;
        alter index late_idx attach partition early;`,
    });
    const said: string[] = [];
    const log = (line: string) => said.push(line);
    expect(await migrate(database.ownerUrl, { migrationsDirectory, log })).toEqual([later]);
    expect(said.filter((line) => line.startsWith('made the index late_idx of log_entry_2'))).toHaveLength(parts);
    expect(await indexes()).toContainEqual({ relname: 'late_idx', indisvalid: true, parts: parts + 1 });
    said.length = 0;
    expect(await migrate(database.ownerUrl, { migrationsDirectory, log })).toEqual([]);
    expect(said).toEqual([]);
  });

  it('says when the database cannot be reached, without the password', async () => {
    const url = 'postgresql://annals:secret@localhost/annals?host=/nonexistent';
    const error: unknown = await migrate(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(String(error)).not.toContain('secret');
  });

  it('refuses another encoding than UTF8', async () => {
    await using database = await createDatabase({ empty: true });
    const latin = `${database.name}_latin`;
    await query(database.adminUrl, `create database ${latin} encoding 'LATIN1' template template0 owner annals_owner`);
    try {
      const url = database.ownerUrl.replace(database.name, latin);
      await expect(migrate(url)).rejects.toMatchObject({ code: 'DATABASE_UNSUPPORTED' });
    } finally {
      await query(database.adminUrl, `drop database ${latin}`);
    }
  });
});

describe('schemaDrift', () => {
  it('is empty: schema.prisma and migrations agree', async () => {
    await using database = await createDatabase();
    expect(await schemaDrift(database.ownerUrl)).toBe('');
  });

  it('names what differs', async () => {
    await using database = await createDatabase();
    const schemaFile = join(directory, 'schema.prisma');
    const model = 'model Surplus {\n  id Int @id\n  @@map("surplus")\n}\n';
    await writeFile(schemaFile, `${await readFile('schema.prisma', 'utf8')}\n${model}`);
    expect(await schemaDrift(database.ownerUrl, schemaFile)).toContain('CREATE TABLE "surplus"');
    await query(database.ownerUrl, 'create table stray (id int primary key)');
    expect(await schemaDrift(database.ownerUrl)).toContain('DROP TABLE "stray"');
  });
});
