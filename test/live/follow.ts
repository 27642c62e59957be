/** A subscriber of a server in a process of its own, over WebSocket or server-sent events. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { until } from '../support/app.ts';

const document = `subscription ($after: String) { logAdded(after: $after) {
  entries { request directory { id } } cursor notice { code } } }`;

export interface Batch {
  readonly entries: readonly { readonly request: string; readonly directory: { readonly id: string } | null }[];
  readonly cursor: string;
  readonly notice: { readonly code: string } | null;
}

interface Result {
  readonly data?: { readonly logAdded?: Batch } | null;
  readonly errors?: readonly { readonly extensions: { readonly code?: unknown } }[];
}

/** Where a stream has come. */
export interface Followed extends AsyncDisposable {
  /** `request` of each delivered entry, in the order of delivery. */
  readonly requests: readonly string[];
  readonly notices: readonly { readonly code: string; readonly at: number }[];
  /** Codes of errors, and `ended` once the stream is over. */
  readonly faults: readonly unknown[];
  readonly cursor: string;
  readonly ended: boolean;
  /** Waits until an entry came. */
  received(request: string): Promise<void>;
  /** Waits until so many notices came; when the newest did, in milliseconds of this process. */
  noticed(count: number): Promise<number>;
}

export type Transport = 'WebSocket' | 'SSE';

type Open = (
  url: string,
  token: string,
  after: string | null,
  take: (result: Result) => void,
) => {
  readonly over: Promise<unknown>;
  readonly stop: () => Promise<unknown>;
};

const overSocket: Open = (url, token, after, take) => {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazyCloseTimeout: 0,
  });
  const pull = async () => {
    for await (const result of client.iterate({ query: document, variables: { after } })) take(result as Result);
  };
  return { over: pull(), stop: async () => client.dispose() };
};

const overEvents: Open = (url, token, after, take) => {
  const control = new AbortController();
  const pull = async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: document, variables: { after } }),
      signal: control.signal,
    });
    if (!response.ok) return take(await response.json());
    let text = '';
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^data: (.+)$/m.exec(text.slice(0, end))?.[1];
        if (data !== undefined) take(JSON.parse(data));
        text = text.slice(end + 2);
      }
    }
  };
  return { over: pull(), stop: async () => control.abort() };
};

const transports: Record<Transport, Open> = { WebSocket: overSocket, SSE: overEvents };

/** Subscribes, and resolves with the first batch there, or the first fault. */
export async function follow(
  url: string,
  token: string,
  transport: Transport,
  after: string | null = null,
): Promise<Followed> {
  const requests: string[] = [];
  const notices: { code: string; at: number }[] = [];
  const faults: unknown[] = [];
  let cursor = after ?? '';
  let ended = false;
  const { over, stop } = transports[transport](url, token, after, ({ data, errors }) => {
    for (const error of errors ?? []) faults.push(error.extensions.code);
    const batch = data?.logAdded;
    if (batch === undefined) return;
    requests.push(...batch.entries.map(({ request }) => request));
    if (batch.notice !== null) notices.push({ code: batch.notice.code, at: performance.now() });
    cursor = batch.cursor;
  });
  const end = over.then(
    () => {},
    (reason: unknown) => faults.push(reason),
  );
  void end.then(() => {
    ended = true;
  });
  await until(() => cursor !== (after ?? '') || faults.length > 0 || ended);
  return {
    requests,
    notices,
    faults,
    get cursor() {
      return cursor;
    },
    get ended() {
      return ended;
    },
    received: async (request) => void (await until(() => requests.includes(request))),
    noticed: async (count) => {
      await until(() => notices.length >= count);
      return notices[count - 1]?.at ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await end;
    },
  };
}
