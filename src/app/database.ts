/** The app’s database: where it is, how it is opened and watched, and the keys that all servers on it share. */
import { createSecretKey } from 'node:crypto';
import type { Config } from '../config.ts';
import { AnnalsError } from '../errors.ts';
import { openSeal } from '../model/seal.ts';
import type { RandomSource } from '../model/uuid.ts';
import { runningEmbedded, type SocketUrls, startEmbedded } from '../store/embedded.ts';
import { migrate } from '../store/migrate.ts';
import { type Store, type StoreOptions, storeRoleSettings } from '../store/store.ts';
import type { Metrics, Tracing } from '../telemetry/telemetry.ts';

type Say = (line: string) => void;

async function openEmbedded(
  config: Config,
  beside: boolean,
  say: Say,
  undo: AsyncDisposableStack,
): Promise<SocketUrls> {
  try {
    return undo.use(await startEmbedded({ dataDirectory: config.dataDirectory, log: say }));
  } catch (error) {
    const inUse = error instanceof AnnalsError && error.code === 'EMBEDDED_IN_USE';
    const running = inUse && beside ? await runningEmbedded(config.dataDirectory) : null;
    if (running === null) throw error;
    return running;
  }
}

/** The embedded server where no address is given; migrated either way. */
export async function openDatabase(
  config: Config,
  say: Say,
  beside: boolean,
  undo: AsyncDisposableStack,
): Promise<string> {
  if (config.databaseUrl === null) {
    const embedded = await openEmbedded(config, beside, say, undo);
    await migrate(embedded.ownerUrl, { serverRole: new URL(embedded.url).username, log: say });
    return embedded.url;
  }
  const serverRole = decodeURIComponent(new URL(config.databaseUrl).username);
  await migrate(config.migrationDatabaseUrl ?? config.databaseUrl, {
    log: say,
    ...(serverRole === '' ? {} : { serverRole }),
  });
  if (config.databasePooler === 'transaction') await storeRoleSettings(config.databaseUrl, config.statementTimeoutMs);
  return config.databaseUrl;
}

export async function sharedKeys(store: Store, random: RandomSource) {
  const draw = () => {
    const secret = new Uint8Array(32);
    random(secret);
    return secret;
  };
  const cursorKeys = await store.serverKeys('cursor', draw());
  // The oldest: what an idempotency key was remembered as must not change.
  const [keySecret] = (await store.serverKeys('idempotency', draw())).slice(-1);
  const [sealSecret] = (await store.serverKeys('seal', draw())).slice(-1);
  if (keySecret === undefined || sealSecret === undefined) throw new TypeError('the database gave no key');
  return { cursorKeys, keySecret: createSecretKey(keySecret.secret), seal: openSeal(sealSecret.secret) };
}

/** The numbers that are asked for when the metrics are read. */
export function watchStore(metrics: Metrics, store: Pick<Store, 'pool' | 'hints'>): void {
  metrics.watch('annals_database_connections', () => store.pool.connections);
  metrics.watch('annals_database_connections_idle', () => store.pool.idle);
  metrics.watch('annals_database_waiting', () => store.pool.waiting);
  metrics.watch('annals_database_listening', () => (store.hints.listening ? 1 : 0));
}

export function storeOptions(config: Config): Omit<StoreOptions, 'url' | 'onStatement'> {
  const { databaseConnections: connections, statementTimeoutMs, databaseListenUrl: listenUrl } = config;
  const pooled = config.databasePooler === 'transaction';
  return { connections, statementTimeoutMs, pooled, ...(pooled || listenUrl !== null ? { listenUrl } : {}) };
}

/** Times and traces every statement. */
export function statementWatch(metrics: Metrics, tracing: Tracing | null): NonNullable<StoreOptions['onStatement']> {
  return (text) => {
    const started = performance.now();
    const over = tracing?.statement(text);
    return (error) => {
      over?.(error);
      metrics.observe('annals_statement_duration_seconds', (performance.now() - started) / 1000);
      if (error !== null) metrics.add('annals_statements_failed_total', 1);
    };
  };
}
