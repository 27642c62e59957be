/** Writers and watchers of a server that may go away and come back at another address. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { openClient } from '../../src/cli/client.ts';
import { AnnalsError } from '../../src/errors.ts';
import {
  type EntryInput,
  PageDocument,
  type PageQuery,
  type PageQueryVariables,
  RecordDocument,
  WatchDocument,
  type WatchSubscription,
} from '../generated/graphql.ts';

/** Where the server is now. */
export type Address = () => string;

/** Between two attempts to reach a server that is away, in milliseconds. */
const againMs = 50;

/** Callers that record as fast as they are answered and repeat what was not acknowledged, with the same keys. */
export interface Writers extends AsyncDisposable {
  /** Id of each acknowledged entry by its idempotency key. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Codes of the errors that requests got, each with how often. */
  readonly errors: ReadonlyMap<string, number>;
  /** Ends every caller after its request under way was acknowledged; throws what made one give up. */
  stop(): Promise<void>;
}

export interface WriterOptions {
  readonly callers: number;
  /** The `index`th entry of a caller. */
  readonly entry: (caller: number, index: number) => EntryInput;
  /** Entries of the `index`th request; 1 to 4 in turn where left out. */
  readonly size?: (index: number) => number;
  /** Awaited before each request; for steady instead of full load. */
  readonly pace?: () => Promise<unknown>;
}

export function startWriters(address: Address, token: string, options: WriterOptions): Writers {
  const acknowledged = new Map<string, string>();
  const errors = new Map<string, number>();
  let stopping = false;

  /** Until it is acknowledged; only what says that it may be repeated is repeated. */
  const record = async (entries: readonly EntryInput[]) => {
    for (;;) {
      try {
        return await openClient({ url: address(), token }).request(RecordDocument, { input: { entries } });
      } catch (error) {
        if (!(error instanceof AnnalsError) || error.code === 'INTERNAL') throw error;
        errors.set(error.code, (errors.get(error.code) ?? 0) + 1);
        await delay(againMs);
      }
    }
  };
  const run = async (caller: number) => {
    const name = randomUUID();
    for (let request = 0, index = 0; !stopping; request++) {
      await options.pace?.();
      const size = options.size?.(request) ?? (request % 4) + 1;
      const entries = Array.from({ length: size }, () => {
        const key = `${name}-${index}`;
        return { ...options.entry(caller, index++), idempotencyKey: key };
      });
      const { recordLogs } = await record(entries);
      recordLogs.results.forEach(({ id, error }, row) => {
        const key = entries[row]?.idempotencyKey;
        if (id === null || error !== null || key === undefined) throw new Error(`refused: ${JSON.stringify(error)}`);
        acknowledged.set(key, id);
      });
    }
  };
  const running = Promise.all(Array.from({ length: options.callers }, (_, caller) => run(caller)));
  // Reported by stop().
  running.catch(() => {});
  const stop = async () => {
    stopping = true;
    await running;
  };
  return { acknowledged, errors, stop, [Symbol.asyncDispose]: stop };
}

/** A subscriber that goes on from its last cursor whenever its stream ends. */
export interface Watcher extends AsyncDisposable {
  /** Ids of delivered entries, in the order of delivery. */
  readonly seen: readonly string[];
  /** How often a stream was opened. */
  readonly streams: number;
  /** Ends the stream; throws what made it give up. */
  stop(): Promise<void>;
}

export function startWatcher(address: Address, token: string, after: string): Watcher {
  const seen: string[] = [];
  let cursor = after;
  let streams = 0;
  const stopping = new AbortController();

  const follow = async () => {
    const client = createClient({
      url: address().replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      lazyCloseTimeout: 0,
    });
    const variables = { after: cursor };
    const results = client.iterate<WatchSubscription>({ query: print(WatchDocument), variables });
    const end = () => void results.return?.();
    stopping.signal.addEventListener('abort', end);
    try {
      for await (const result of results) {
        if (result.errors) throw new Error(`the stream failed: ${JSON.stringify(result.errors)}`);
        const batch = result.data?.logAdded;
        if (!batch) throw new Error('the stream delivered nothing');
        seen.push(...batch.entries.map((entry) => entry.id));
        cursor = batch.cursor;
      }
    } finally {
      stopping.signal.removeEventListener('abort', end);
      await client.dispose();
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      streams += 1;
      await follow().catch(() => {});
      await delay(againMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = run();
  const stop = async () => {
    stopping.abort();
    await running;
  };
  return {
    seen,
    get streams() {
      return streams;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Every entry that a token sees, oldest first. */
export async function readLog(url: string, token: string): Promise<{ id: string; position: string | null }[]> {
  const client = openClient({ url, token });
  const entries: { id: string; position: string | null }[] = [];
  let after: string | null = null;
  do {
    const variables: PageQueryVariables = { first: 500, after, order: { direction: 'ASC' } };
    const { logs }: PageQuery = await client.request(PageDocument, variables);
    entries.push(...logs.edges.map(({ node }) => ({ id: node.id, position: node.position ?? null })));
    after = logs.pageInfo.hasNextPage ? (logs.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  return entries;
}

/** A cursor at the end of the log as a token sees it now. */
export async function headCursor(url: string, token: string): Promise<string> {
  return (await openClient({ url, token }).request(PageDocument, { first: 1 })).logs.headCursor;
}
