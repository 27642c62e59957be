/** How soon a recorded entry reaches a subscriber. */
import { type BareRows, readRows } from './append/tables.ts';
import type { Arrivals, ReceiverJob } from './live/clock.ts';
import type { ListenerTarget } from './live/listener.ts';
import type { SubscriberTarget } from './live/subscriber.ts';
import type { WriterJob } from './live/writer.ts';
import { createOrganization, startServer } from './support/annals.ts';
import { recordBodies } from './support/bodies.ts';
import { type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printFact, printHeading } from './support/report.ts';
import { quantile } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';

/** 500 entries a second. */
const everyMs = 20;
const entriesPerWrite = 10;
const bareOrganization = 1_000_000;
const channel = 'bench';

/** The bare writer’s statement: the rows, and one notification with their commit. */
const notifying = (rows: BareRows) =>
  `with written as (${rows.statement('log_entry', false)} returning 1) select pg_notify('${channel}', '') from written limit 1`;

export async function benchLive(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const database = await postgres.createDatabase('live');
  const { organization, token } = await createOrganization(database);
  await using server = await startServer(database);
  await using writer = startWorker<WriterJob, void>(new URL('live/writer.ts', import.meta.url));
  await using subscriber = startWorker<ReceiverJob<SubscriberTarget>, Arrivals>(
    new URL('live/subscriber.ts', import.meta.url),
  );
  await using listener = startWorker<ReceiverJob<ListenerTarget>, Arrivals>(
    new URL('live/listener.ts', import.meta.url),
  );
  const bodies = recordBodies(50, entriesPerWrite).map(([body = '']) => body);
  const times = ((quick ? 4 : 10) * 1000) / everyMs;
  const rounds = quick ? 2 : 3;

  /** Latencies in milliseconds: from the commit, as PostgreSQL stamped it, to the arrival. */
  const latenciesOf = async (of: number, arrivals: Arrivals): Promise<{ latencies: number[]; missing: number }> =>
    withClient(database.ownerUrl, async (client) => {
      const { rows } = await client.query<{ id: string; committed: number }>(
        `select id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1e6)::float8 as committed
         from log_entry where organization_id = $1 order by recorded_at desc, position desc limit $2`,
        [of, times * entriesPerWrite],
      );
      const latencies = rows.flatMap(({ id, committed }) => {
        const arrived = arrivals.get(id);
        return arrived === undefined ? [] : [(arrived - committed) / 1000];
      });
      return { latencies, missing: rows.length - latencies.length };
    });

  const record = (count: number) => writer.run({ everyMs, times: count, to: { url: server.url, token, bodies } });
  await record(50);
  const rows = await withClient(database.ownerUrl, (client) => readRows(client, entriesPerWrite));
  const insert = (count: number) =>
    writer.run({
      everyMs,
      times: count,
      to: { database: database.ownerUrl, statement: notifying(rows), columns: rows.columns, rows: entriesPerWrite },
    });

  const ours: number[] = [];
  const bare: number[] = [];
  let missing = 0;
  // Resolves when nothing is left under way: a last entry that never came would show as missing.
  const settle = () => new Promise((resolve) => setTimeout(resolve, 500));
  for (let round = 0; round <= rounds; round++) {
    // The first round warms up.
    await subscriber.run({ start: { url: server.url, token } });
    await record(times);
    await settle();
    const annals = await latenciesOf(organization, await subscriber.run({ stop: true }));
    await listener.run({ start: { url: database.ownerUrl, channel, organization: bareOrganization } });
    await insert(times);
    await settle();
    const loop = await latenciesOf(bareOrganization, await listener.run({ stop: true }));
    if (round === 0) continue;
    ours.push(...annals.latencies);
    bare.push(...loop.latencies);
    missing += annals.missing;
  }

  printHeading('live');
  const name = 'from commit to subscriber, 500 entries/s';
  for (const [which, share] of [
    ['median', 0.5],
    ['99th percentile', 0.99],
  ] as const) {
    print({
      name: `${name}, ${which}`,
      measured: { value: quantile(ours, share), unit: 'ms' },
      compared: { what: 'bare NOTIFY and select', value: quantile(bare, share), unit: 'ms' },
    });
  }
  printFact(name, `${ours.length.toLocaleString('en')} entries delivered, ${missing} not`, missing === 0);
}
