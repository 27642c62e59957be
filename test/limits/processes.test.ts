/** Two server processes on one database share a quota, also when one of them is killed and started again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asAdmin, until } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { newDataDirectory, type Server, startServer } from '../support/program.ts';
import { createOrganization } from '../support/world.ts';

const undo = new AsyncDisposableStack();
let database: TestDatabase;
let env: Readonly<Record<string, string>>;
let servers: Server[];
let token: string;

beforeAll(async () => {
  database = undo.use(await createDatabase());
  const data = undo.use(await newDataDirectory());
  env = {
    DATABASE_URL: database.url,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATA_DIRECTORY: data.path,
    ORGANIZATION_ENTRIES_PER_DAY: '100',
  };
  token = (await createOrganization(env)).owner;
  servers = [undo.use(await startServer(env)), undo.use(await startServer(env))];
}, 120_000);
afterAll(() => undo.disposeAsync());

async function record(server: Server | undefined, count: number, action = 'passwork.item_viewed'): Promise<number> {
  const entries = Array.from({ length: count }, () => ({ action }));
  const query =
    'mutation($entries: [EntryInput!]!) { recordLogs(input: { entries: $entries }) { results { status } } }';
  const response = await fetch(server?.url ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { entries } }),
  });
  return response.status;
}

const written = async () => {
  const [row] = await asAdmin<{ sum: string | null }>(database, 'select sum(entries) from entry_count');
  return Number(row?.sum ?? 0);
};

test('what one records the other knows of within seconds, and a new one at once', async () => {
  const [one, two] = servers;
  expect(await record(one, 60)).toBe(200);
  expect(await record(two, 1)).toBe(200);
  await until(async () => (await written()) === 61);
  // Rows that are refused count for nothing: whether the first one’s count has been read shows in whether so many fit.
  await until(async () => (await record(two, 40, 'no.such')) === 429);
  expect(await record(two, 30)).toBe(200);
  await until(async () => (await written()) === 91);
  one?.child.kill('SIGKILL');
  await using again = await startServer(env);
  expect(await record(again, 10)).toBe(429);
  expect(await record(again, 9)).toBe(200);
}, 60_000);
