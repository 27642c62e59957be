/** How fast pages of the log are read. */
import { fileURLToPath } from 'node:url';
import { openCursors } from '../src/model/cursor.ts';
import { cursorKey, fillLog, middleEntry } from './read/data.ts';
import { createOrganization, type Organization, startProcess, startServer } from './support/annals.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import type { BenchDatabase, BenchPostgres } from './support/postgres.ts';
import { print, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';

const page = `query Page($after: String) {
  logs(first: 50, after: $after) {
    edges { cursor node { id recordedAt action { key name } category { key name } actor { name } directory { name } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The same page; the textbook reaches the category through the action. */
const textbookPage = `query Page($after: String) {
  logs(first: 50, after: $after) {
    edges { cursor node { id recordedAt action { key name category { key name } } actor { name } directory { name } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface FilledLog {
  readonly database: BenchDatabase;
  readonly organization: Organization;
  /** Of an entry half-way through the log. */
  readonly middle: string;
}

async function openFilledLog(postgres: BenchPostgres, name: string, entries: number): Promise<FilledLog> {
  const database = await postgres.createDatabase(name);
  const organization = await createOrganization(database);
  await fillLog(database, organization, entries);
  const cursors = openCursors([await cursorKey(database)]);
  const scope = { organizationUid: organization.organizationUid, generation: 0, filter: '' };
  const middle = cursors.seal({ kind: 'entry', ...(await middleEntry(database, entries)) }, scope);
  return { database, organization, middle };
}

export async function benchRead(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const [few, many] = [100_000, quick ? 300_000 : 1_000_000];
  const [small, large] = [
    await openFilledLog(postgres, 'read_small', few),
    await openFilledLog(postgres, 'read_large', many),
  ];
  await using annals = await startServer(small.database);
  await using annalsLarge = await startServer(large.database);
  const script = fileURLToPath(new URL('textbook/server.ts', import.meta.url));
  const words = [script, small.database.url, String(small.organization.organization)];
  await using textbook = await startProcess(words, { PATH: '' });
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));
  const milliseconds = quick ? 800 : 2500;
  const rounds = quick ? 3 : 5;

  const load = (url: string, token: string | null, callers: number, query: string, after: string | null) =>
    loader.run({ url, token, callers, milliseconds, bodies: [[JSON.stringify({ query, variables: { after } })]] });

  const benchTextbook = async () => {
    const callers = 32;
    const rate = (url: string, token: string | null, query: string) => async () => {
      const { requests, seconds } = await load(url, token, callers, query, null);
      return requests / seconds;
    };
    const turns = [rate(annals.url, small.organization.token, page), rate(textbook.url, null, textbookPage)];
    const [ours = 0, theirs = 0] = await takeTurns(turns, rounds);
    print({
      name: `page of 50 with action, category, actor and directory, ${callers} callers, ${few.toLocaleString('en')} entries`,
      measured: { value: ours, unit: 'pages/s' },
      compared: { what: 'the textbook server', value: theirs, unit: 'pages/s' },
      target: { atLeast: 2 },
    });
  };

  const benchSize = async () => {
    const latency =
      (url: string, { organization }: FilledLog, after: string | null) =>
      async () =>
        median((await load(url, organization.token, 1, page, after)).latencies);
    const [firstSmall = 0, firstLarge = 0, deepSmall = 0, deepLarge = 0] = await takeTurns(
      [
        latency(annals.url, small, null),
        latency(annalsLarge.url, large, null),
        latency(annals.url, small, small.middle),
        latency(annalsLarge.url, large, large.middle),
      ],
      rounds,
    );
    const compare = (which: string, larger: number, smaller: number) =>
      print({
        name: `page of 50 for a role that sees all, ${which}, one caller, ${many.toLocaleString('en')} entries`,
        measured: { value: larger, unit: 'ms' },
        compared: { what: `${few.toLocaleString('en')} entries`, value: smaller, unit: 'ms' },
        target: { atMost: 1.2 },
      });
    compare('first page', firstLarge, firstSmall);
    compare('from the middle of the log', deepLarge, deepSmall);
  };

  printHeading('read');
  await benchTextbook();
  await benchSize();
}
