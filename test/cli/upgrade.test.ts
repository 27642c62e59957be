/** A rolling upgrade: a newer Annals migrates and serves beside the older one that is still there, on one database. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asAdmin } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import {
  annals,
  checkout,
  type DataDirectory,
  type Environment,
  newDataDirectory,
  type Server,
  startServer,
} from '../support/program.ts';
import { headCursor, readLog, startWatcher, startWriters } from '../support/traffic.ts';
import { createOrganization, type Tokens } from '../support/world.ts';

const later = '29990101000000_note';
const patient = { timeout: 60_000, interval: 20 };
const undo = new AsyncDisposableStack();
let database: TestDatabase;
let data: DataDirectory;
let env: Environment;
let tokens: Tokens;
/** A checkout of the newer version. */
let newer: string;

/** The release rules of docs/storage.md at work: a column without a value, and a function of the same name that takes more. */
async function migration(): Promise<string> {
  const [row] = await asAdmin<{ all: string; inputs: string[] }>(
    database,
    `select pg_get_function_arguments(oid) as all, proargnames[1:pronargs] as inputs
     from pg_proc where proname = 'append_log_entries' order by pronargs desc limit 1`,
  );
  const [inputs = '', ...outputs] = (row?.all ?? '').split(/, (?=OUT )/);
  const names = outputs.map((output) => output.split(' ')[1]);
  return `
alter table log_entry add column note text;
create table later_thing (id integer primary key);
create index on later_thing (id);
create function append_log_entries(${inputs}, p_note text[], ${outputs.join(', ')})
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  select ${names.map((name) => `a.${name}`).join(', ')} into ${names.map((name) => `append_log_entries.${name}`).join(', ')}
    from append_log_entries(${row?.inputs.join(', ')}) a;
  update log_entry e set note = n.note from unnest(p_id, p_note) as n(id, note)
    where e.organization_id = p_organization and e.id = n.id;
end $$;
`;
}

async function makeNewer(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'annals-newer-'));
  undo.defer(() => rm(copy, { recursive: true, force: true }));
  for (const name of ['bin', 'src', 'migrations', 'package.json', 'schema.prisma', 'schema.graphql']) {
    await cp(join(checkout, name), join(copy, name), { recursive: true });
  }
  await symlink(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  await mkdir(join(copy, 'migrations', later));
  await writeFile(join(copy, 'migrations', later, 'migration.sql'), await migration());
  // The newer version states what the older one does not know.
  const file = join(copy, 'src/store/statements/append.ts');
  const before = await readFile(file, 'utf8');
  const after = before.replace(
    /^(const columns: readonly Column\[\] = \[[\s\S]*?)^\];/m,
    "$1  texts(() => 'noted'),\n];",
  );
  expect(after).not.toBe(before);
  await writeFile(file, after);
  return join(copy, 'bin', 'annals.mjs');
}

beforeAll(async () => {
  database = undo.use(await createDatabase());
  data = undo.use(await newDataDirectory());
  env = {
    DATABASE_URL: database.url,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATA_DIRECTORY: data.path,
    // The packages are shared with this checkout, and would keep the code of a copy that is gone after the test.
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  tokens = await createOrganization(env);
  newer = await makeNewer();
});
afterAll(() => undo.disposeAsync());

const entry = (caller: number, index: number) => ({
  action: 'passwork.item_viewed',
  actor: { id: `user-${caller}` },
  vault: { id: `vault-${index % 3}` },
});

it('serves, records and watches on both versions while and after the newer one migrates', async () => {
  await using older = await startServer(env);
  const cursor = await headCursor(older.url, tokens.owner);
  await using onOlder = startWatcher(() => older.url, tokens.owner, cursor);
  await using throughOlder = startWriters(() => older.url, tokens.integration, { callers: 4, entry });
  await expect.poll(() => throughOlder.acknowledged.size, patient).toBeGreaterThan(50);

  // Two of the newer version start at once: one migrates, the other waits for it.
  const servers: Server[] = await Promise.all([startServer(env, newer), startServer(env, newer)]);
  const [one, other] = servers;
  if (one === undefined || other === undefined) throw new Error('two servers start');
  try {
    const applied = servers.filter(({ output }) => output.stderr.includes(`applied the migration ${later}`));
    expect(applied).toHaveLength(1);
    await using onNewer = startWatcher(() => one.url, tokens.owner, cursor);
    await using throughNewer = startWriters(() => other.url, tokens.integration, { callers: 4, entry });
    const [a, b] = [throughOlder.acknowledged.size, throughNewer.acknowledged.size];
    await expect.poll(() => throughOlder.acknowledged.size, patient).toBeGreaterThan(a + 100);
    await expect.poll(() => throughNewer.acknowledged.size, patient).toBeGreaterThan(b + 100);
    await throughOlder.stop();
    await throughNewer.stop();
    expect([...throughOlder.errors, ...throughNewer.errors]).toEqual([]);

    const log = await readLog(older.url, tokens.owner);
    expect(await readLog(one.url, tokens.owner)).toEqual(log);
    expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index));
    const ids = log.map(({ id }) => id);
    const acknowledged = [...throughOlder.acknowledged.values(), ...throughNewer.acknowledged.values()];
    expect(ids.toSorted()).toEqual(acknowledged.toSorted());
    for (const watcher of [onOlder, onNewer]) {
      await expect.poll(() => watcher.seen.length, patient).toBeGreaterThanOrEqual(ids.length);
      expect(watcher.seen).toEqual(ids);
      expect(watcher.streams).toBe(1);
    }
    // Each version wrote by its own function.
    const rows = await asAdmin<{ note: string | null; entries: number }>(
      database,
      'select note, count(*)::int as entries from log_entry group by note order by note nulls last',
    );
    expect(rows).toEqual([
      { note: 'noted', entries: throughNewer.acknowledged.size },
      { note: null, entries: throughOlder.acknowledged.size },
    ]);
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  }
}, 120_000);

it('does not start the older version again on the newer schema', async () => {
  const { code, stderr } = await annals(['serve'], { ...env, PORT: '0' });
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`SCHEMA_NEWER: .*${later}`));
});

/** What would break a version that is still running; each needs a reason that it does not. */
const reviewed: Readonly<Record<string, string>> = {};
const breaking: readonly [what: string, pattern: RegExp][] = [
  ['drops or renames something', /\b(drop\s+(table|column|type|function|view)|rename\s+(to|column|value))\b/i],
  ['changes the type of a column', /\balter\s+column\s+\S+\s+(set\s+data\s+)?type\b/i],
  ['adds a column that must have a value', /\badd\s+column\s+(?!.*\bdefault\b)[^,;]*\bnot\s+null\b/i],
  ['requires a value of an old column', /\balter\s+column\s+\S+\s+set\s+not\s+null\b/i],
];
it('every migration since the first leaves what an older server uses', async () => {
  const names = (await readdir(join(checkout, 'migrations'))).filter((name) => /^\d+_/.test(name)).sort();
  const found: string[] = [];
  for (const name of names.slice(1)) {
    const sql = (await readFile(join(checkout, 'migrations', name, 'migration.sql'), 'utf8')).replace(/--.*$/gm, '');
    for (const [what, pattern] of breaking) if (pattern.test(sql) && !(name in reviewed)) found.push(`${name} ${what}`);
  }
  expect(found).toEqual([]);
});
