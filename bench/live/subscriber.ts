/** A subscriber of `logAdded` over graphql-ws. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { work } from '../support/worker.ts';
import { type Arrivals, microseconds, type ReceiverJob } from './clock.ts';

export interface SubscriberTarget {
  readonly url: string;
  readonly token: string;
}

interface Batch {
  readonly logAdded: { readonly entries: readonly { readonly id: string }[] };
}

let arrivals: Arrivals = new Map();
let leave = (): void => {};

function subscribe({ url, token }: SubscriberTarget): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const query =
    'subscription Watch { logAdded { entries { id action { key } actor { name } directory { name } } cursor } }';
  client.subscribe<Batch>(
    { query },
    {
      next({ data }) {
        const now = microseconds();
        for (const { id } of data?.logAdded.entries ?? []) arrivals.set(id.replace('entry:', ''), now);
        // The first batch says that the stream is open.
        resolve();
      },
      error: reject,
      complete() {},
    },
  );
  leave = () => void client.dispose();
  return promise;
}

work<ReceiverJob<SubscriberTarget>, Arrivals>(async (job) => {
  if ('start' in job) {
    arrivals = new Map();
    await subscribe(job.start);
  } else leave();
  return arrivals;
});
