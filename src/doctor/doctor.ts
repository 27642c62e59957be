/** What an installation suffers from, and the cure. */
import type { Config } from '../config.ts';
import { AnnalsError } from '../errors.ts';
import { findPooler, type Inspection, notificationMs, openInspection, type ServerFacts } from '../store/inspect.ts';
import { migrationState } from '../store/migrate.ts';
import * as judge from './database.ts';
import { examineEmbedded } from './embedded.ts';
import { type Finding, fail } from './finding.ts';
import { examineServer } from './server.ts';

export type { Finding } from './finding.ts';

/** As the server reads them. */
export type DoctorConfig = Pick<
  Config,
  | 'databaseUrl'
  | 'migrationDatabaseUrl'
  | 'databaseListenUrl'
  | 'databasePooler'
  | 'databaseConnections'
  | 'statisticsRollUps'
  | 'dataDirectory'
  | 'annalsUrl'
  | 'host'
  | 'port'
>;

/** A finding that could not be made is one itself. */
async function* examined(check: string, find: () => Promise<Finding>): AsyncGenerator<Finding, void, void> {
  try {
    yield await find();
  } catch (error) {
    const coded = error instanceof AnnalsError;
    const message = coded
      ? error.message
      : `It cannot be asked: ${error instanceof Error ? error.message : String(error)}.`;
    yield fail(check, message, coded ? error.cure : 'Look at the findings before this one first.');
  }
}

interface Addresses {
  readonly url: string;
  readonly ownerUrl: string;
}

async function reach(check: string, url: string): Promise<Inspection | Finding> {
  try {
    return await openInspection(url);
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    return fail(check, error.message, error.cure);
  }
}

/** What only the owner’s address can tell: the migrations, and whose the log is. */
async function* examineAsOwner(
  inspection: Inspection,
  facts: ServerFacts,
  ownerUrl: string,
): AsyncGenerator<Finding, void, void> {
  const reached = await reach('owner', ownerUrl);
  if ('check' in reached) {
    yield reached;
    return;
  }
  await using owner = reached;
  yield* examined('schema', async () => judge.judgeSchema(await migrationState(ownerUrl)));
  if (!(await inspection.hasLog())) return;
  const { role } = await owner.server();
  yield* examined('rights', async () => judge.judgeRights(facts, role, await inspection.rights()));
}

async function* examineLog(
  inspection: Inspection,
  counting: boolean,
  now: number,
): AsyncGenerator<Finding, void, void> {
  yield* examined('partitions', async () => judge.judgePartitions(await inspection.partitions(), now));
  const outbox = await inspection.outbox();
  if (outbox !== null) yield judge.judgeOutbox(outbox);
  yield* examined('followers', async () => judge.judgeFollowers((await inspection.followers()) ?? [], counting));
}

async function* examineDatabase(
  { url, ownerUrl }: Addresses,
  config: DoctorConfig,
  now: number,
): AsyncGenerator<Finding, void, void> {
  const reached = await reach('database', url);
  if ('check' in reached) {
    yield reached;
    return;
  }
  await using inspection = reached;
  const facts = await inspection.server();
  const server = judge.judgeServer(facts);
  yield server;
  yield judge.judgeDurability(facts);
  yield judge.judgeClock(facts);
  yield judge.judgeConnections(facts, config.databaseConnections);
  const { databasePooler, databaseListenUrl } = config;
  yield* examined('pooler', async () => judge.judgePooler(await findPooler(url), databasePooler));
  // As the server does.
  const listenUrl = databaseListenUrl ?? (databasePooler === 'none' ? url : null);
  if (listenUrl === null) yield judge.notListening;
  else yield* examined('notifications', async () => judge.judgeNotifications(await notificationMs(listenUrl, url)));
  // In a database that Annals cannot use there is nothing of it.
  if (server.status === 'fail') return;
  yield* examineAsOwner(inspection, facts, ownerUrl);
  if (await inspection.hasLog()) yield* examineLog(inspection, config.statisticsRollUps === 'on', now);
}

/** Finding after finding, as they are made. Changes nothing but that it starts an embedded database that does not run. */
export async function* examine(config: DoctorConfig, now: number): AsyncGenerator<Finding, void, void> {
  await using undo = new AsyncDisposableStack();
  let addresses: Addresses | null = null;
  if (config.databaseUrl === null) {
    const { findings, urls } = await examineEmbedded(config.dataDirectory, undo);
    yield* findings;
    addresses = urls;
  } else addresses = { url: config.databaseUrl, ownerUrl: config.migrationDatabaseUrl ?? config.databaseUrl };
  if (addresses !== null) yield* examineDatabase(addresses, config, now);
  yield* examineServer(config);
}
