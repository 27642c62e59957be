/** A page over HTTP beside other servers that read the same table and answer the same. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openCatalogue } from '../src/catalogue/catalogue.ts';
import { always } from '../src/model/predicate.ts';
import { openIntSets } from '../src/store/int-set.ts';
import { plainPage } from '../src/store/plan/plain.ts';
import { statementOf } from '../src/store/plan/read.ts';
import { fillLog } from './read/data.ts';
import { createOrganization, type Organization, startProcess, startServer } from './support/annals.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import { type BenchDatabase, type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { startWorker } from './support/worker.ts';

const entries = 100_000;
const callers = 32;
const first = 50;

const body = JSON.stringify({
  query: `query Page($after: String) {
    logs(first: ${first}, after: $after) {
      edges { cursor node { id recordedAt action { key name } category { key name } actor { name } directory { name } } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  variables: { after: null },
});

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The peers’ own packages, with their own graphql. */
function installPeers(): void {
  const { status, error } = spawnSync('npm', ['ci', '--prefix', path('peers')], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`npm ci in bench/peers ended with ${error?.message ?? status}`);
}

/** Annals’ own statement for the page, and what a row of it needs to become an answer. */
async function mercuriusJob(database: BenchDatabase, { organization }: Organization): Promise<string> {
  const request = {
    organization,
    predicate: always,
    direction: 'DESC',
    after: null,
    before: null,
    limit: first + 1,
  } as const;
  const page = statementOf({ sets: openIntSets() }, organization, (parameters) => plainPage(request, parameters));
  const catalogue = openCatalogue();
  const numbers = await withClient(database.ownerUrl, async (client) => {
    const { rows, fields } = await client.query({ text: page.text, values: [...page.values] });
    const keys = await client.query<{ id: number; key: string }>('select id, key from action_number');
    return { rows, fields: fields.map(({ name }) => name), keys: keys.rows };
  });
  const actions = numbers.keys.flatMap(({ id, key }) => {
    const action = catalogue.action(key);
    const category = action === undefined ? undefined : catalogue.category(action.category);
    return action === undefined || category === undefined
      ? []
      : [[id, { key, name: action.name, category: { key: category.key, name: category.name } }]];
  });
  const column = (name: string) => numbers.fields.indexOf(name);
  return JSON.stringify({
    url: database.url,
    text: page.text,
    values: page.values,
    actions: Object.fromEntries(actions),
    columns: {
      id: column('id'),
      recordedAt: column('recorded_at'),
      action: column('action_id'),
      actorName: column('actor_name'),
      directoryName: column('directory_name'),
    },
  });
}

/** The answer without its cursors, which are each server’s own. */
async function answerOf(url: string, token: string | null): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body,
  });
  return (await response.text()).replace(/"(cursor|endCursor)":"[^"]*"/g, '"$1":""');
}

export async function benchPeers(postgres: BenchPostgres, quick: boolean): Promise<void> {
  installPeers();
  const database = await postgres.createDatabase('peers');
  const organization = await createOrganization(database);
  await fillLog(database, organization, entries);
  const { token } = organization;
  await using annals = await startServer(database);
  await using mercurius = await startProcess(
    [path('peers/mercurius.mjs'), await mercuriusJob(database, organization)],
    {
      PATH: '',
    },
  );
  const words = [path('textbook/plain.ts'), database.url, String(organization.organization)];
  await using plain = await startProcess(words, { PATH: '' });
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));

  // The page records who reads first: the log gets an entry by it, and only then stands still.
  await answerOf(annals.url, token);
  const [ours, ...theirs] = [
    await answerOf(annals.url, token),
    await answerOf(mercurius.url, null),
    await answerOf(plain.url, null),
  ];
  for (const answer of theirs) {
    if (answer === ours) continue;
    const at = [...answer].findIndex((character, index) => character !== ours?.[index]);
    throw new Error(`the answers differ: ${ours?.slice(at - 100, at + 100)} / ${answer.slice(at - 100, at + 100)}`);
  }

  const rate = (url: string, credential: string | null) => async () => {
    const milliseconds = quick ? 800 : 2500;
    const { requests, seconds } = await loader.run({ url, token: credential, callers, milliseconds, bodies: [[body]] });
    return requests / seconds;
  };
  const turns = [rate(annals.url, token), rate(mercurius.url, null), rate(plain.url, null)];
  const [measured = 0, fastest = 0, findMany = 0] = await takeTurns(turns, quick ? 3 : 7);
  printHeading('peers');
  const name = `page of 50 with action, category, actor and directory, ${callers} callers, ${entries.toLocaleString('en')} entries`;
  const compare = (what: string, value: number, target: number) =>
    print({
      name,
      measured: { value: measured, unit: 'pages/s' },
      compared: { what, value, unit: 'pages/s' },
      target: { atLeast: target },
    });
  compare('Mercurius, graphql-jit and pg, the same statement and answer', fastest, 0.9);
  compare('Yoga and Prisma findMany, the same answer', findMany, 2.5);
}
