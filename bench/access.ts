/** What it costs that reading the log is itself recorded. */
import { fillLog } from './read/data.ts';
import { createOrganization, startServer } from './support/annals.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import type { BenchPostgres } from './support/postgres.ts';
import { print, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';

const query = `query Page {
  logs(first: 50) { nodes { id recordedAt action { key name } category { key name } actor { name } directory { name } } }
}`;

const entries = 20_000;

/** Two servers on one database that differ in ACCESS_LOG alone; their windows are the shortest, so that some are closed. */
export async function benchAccess(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const database = await postgres.createDatabase('access');
  const organization = await createOrganization(database);
  await fillLog(database, organization, entries);
  const window = { ACCESS_WINDOW_SECONDS: '10' };
  await using watched = await startServer(database, [], { ...window, ACCESS_LOG: 'closed' });
  await using unwatched = await startServer(database, [], { ...window, ACCESS_LOG: 'off' });
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));
  const { token } = organization;
  const milliseconds = quick ? 1000 : 2500;
  const rounds = quick ? 3 : 7;
  const load = (url: string, callers: number) => () =>
    loader.run({ url, token, callers, milliseconds, bodies: [[JSON.stringify({ query })]] });

  printHeading('Access log: a page of 50, recorded and not');
  const rate = (url: string) => async () => {
    const { requests, seconds } = await load(url, 32)();
    return requests / seconds;
  };
  const [recorded = 0, silent = 0] = await takeTurns([rate(watched.url), rate(unwatched.url)], rounds);
  print({
    name: 'pages/s with the access log, 32 callers',
    measured: { value: recorded, unit: 'pages/s' },
    compared: { what: 'ACCESS_LOG=off', value: silent, unit: 'pages/s' },
    target: { atLeast: 0.95 },
  });
  const latency = (url: string) => async () => median((await load(url, 1)()).latencies);
  const [slower = 0, faster = 0] = await takeTurns([latency(watched.url), latency(unwatched.url)], rounds);
  print({
    name: 'a page with the access log, one caller',
    measured: { value: slower, unit: 'ms' },
    compared: { what: 'ACCESS_LOG=off', value: faster, unit: 'ms' },
    target: { atMost: 1.05 },
  });
}
