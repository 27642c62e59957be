/** Streams end with their credential, to the second, and go on with a new one over the same socket. */
import { type Client, createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Http } from '../../src/http/http.ts';
import { send } from '../http/support.ts';
import {
  newOrganization,
  openTestApp,
  plainEntries,
  type TestOrganization,
  until,
  useTestApps,
} from '../support/app.ts';
import { type Minter, newMinter } from './support.ts';

// No heartbeat wakes a stream here: nothing but its credential does.
const at = useTestApps({ LIVE_HEARTBEAT_SECONDS: '3600' });

let server: Http;
let to: TestOrganization;
let minter: Minter;

beforeAll(async () => {
  server = await at.app.listen();
});
beforeEach(async () => {
  to = await newOrganization(at.app);
  const { administration } = at.app.services;
  await administration.upsertMembers(to.owner, [{ id: 'mia', name: 'Mia', role: 'MEMBER' }]);
  minter = await newMinter(at.app, to.owner, Date.now, { roles: ['MEMBER', 'AUDITOR'] });
});
afterAll(() => server?.[Symbol.asyncDispose]());

const query = 'subscription { logAdded { entries { request } cursor notice { code message } } }';
const onVaults = (...ids: string[]) => ({
  role: 'MEMBER',
  directories: ids.map((id) => ({ id, level: 'ADMINISTRATOR' })),
});
const record = (vault: string, from: number, count = 1) =>
  at.app.services.log.append(to, plainEntries(count, { vault: { id: vault } }, from));

interface Batch {
  readonly entries: readonly { readonly request: string }[];
  readonly notice: { readonly code: string; readonly message: string } | null;
}

interface Pong {
  readonly renewed: boolean;
  readonly expiresAt?: string | null;
  readonly error?: { readonly message: string; readonly extensions: { readonly code: string; readonly cure: string } };
}

/** A client of graphql-ws, its socket, and one stream on it; as docs/jwt.md shows. */
interface Watched extends AsyncDisposable {
  readonly client: Client;
  readonly batches: Batch[];
  /** Whether the stream ended. */
  readonly ended: boolean;
  /** Sends a ping and gives what its pong carries. */
  ping(payload?: unknown): Promise<Pong | undefined>;
  renew(token: string): Promise<Pong | undefined>;
  readonly requests: string[];
  readonly notices: string[];
}

async function watchOver(token: string | null): Promise<Watched> {
  let socket: WebSocket | undefined;
  let ended = false;
  const batches: Batch[] = [];
  const pongs: (Pong | undefined)[] = [];
  const client = createClient({
    url: server.url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    ...(token === null ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
  });
  client.on('opened', (opened) => {
    socket = opened as WebSocket;
  });
  client.on('pong', (_, payload) => pongs.push(payload as Pong | undefined));
  const end = () => {
    ended = true;
  };
  client.subscribe<{ logAdded: Batch }>(
    { query },
    { next: ({ data }) => void (data && batches.push(data.logAdded)), error: end, complete: end },
  );
  await until(() => batches.length > 0 || ended);
  const ping = async (payload?: unknown) => {
    const count = pongs.length;
    socket?.send(JSON.stringify({ type: 'ping', ...(payload === undefined ? {} : { payload }) }));
    await until(() => pongs.length > count);
    return pongs[count];
  };
  return {
    client,
    batches,
    get ended() {
      return ended;
    },
    ping,
    renew: (next) => ping({ authorization: `Bearer ${next}` }),
    get requests() {
      return batches.flatMap(({ entries }) => entries.map(({ request }) => request));
    },
    get notices() {
      return batches.flatMap(({ notice }) => notice?.code ?? []);
    },
    [Symbol.asyncDispose]: async () => void (await client.dispose()),
  };
}

const secondsFromNow = (ms: number) => Date.now() + ms;

describe('a stream on which nothing happens ends when its credential does', () => {
  const credentials: Record<string, (end: number) => Promise<string>> = {
    'a JWT that states its rights': (end) => minter.mint({ claims: { exp: end / 1000 } }),
    'a JWT of a stored member': (end) => minter.mint({ annals: {}, claims: { exp: end / 1000 } }),
    'a token': async (expiresAt) => {
      const request = { name: 'short', actsAs: { role: 'AUDITOR' }, expiresAt };
      return (await at.app.administration.createToken(to, request)).token;
    },
  };

  test.each(Object.entries(credentials))('over WebSocket: %s', async (_, make) => {
    const end = secondsFromNow(1500);
    await using watched = await watchOver(await make(end));
    expect(watched.ended).toBe(false);
    await until(() => watched.ended);
    expect(Date.now()).toBeGreaterThanOrEqual(end);
    expect(Date.now() - end).toBeLessThan(1000);
    expect(watched.batches.at(-1)).toMatchObject({ entries: [], notice: { code: 'UNAUTHENTICATED' } });
  });

  test.each(Object.entries(credentials))('over server-sent events: %s', async (_, make) => {
    const end = secondsFromNow(1500);
    const headers = {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${await make(end)}`,
    };
    const request = { method: 'POST', path: '/graphql', headers };
    const { body } = await send(server.port, request, JSON.stringify({ query }));
    expect(Date.now() - end).toBeLessThan(1000);
    const events = [...body.matchAll(/^data: (\{.+)$/gm)].map(([, data]) => JSON.parse(data ?? '').data.logAdded);
    expect(events.at(-1).notice).toEqual({ code: 'UNAUTHENTICATED', message: 'The credential has expired.' });
    expect(body.endsWith('event: complete\ndata:\n\n')).toBe(true);
  });

  test('and what is recorded after that instant is not delivered, whoever reads late', async () => {
    let skew = 0;
    await using app = await openTestApp(at.database, {}, { now: () => Date.now() + skew });
    const principal = await app.auth.authenticate(await minter.mint({ annals: onVaults('v') }));
    const stream = app.services.live.subscribe(principal, {});
    await stream.next();
    await record('v', 0);
    skew = 600_001;
    const { value } = await stream.next();
    expect(value).toMatchObject({ entries: [], notice: { code: 'UNAUTHENTICATED' } });
    expect((await stream.next()).done).toBe(true);
  });
});

describe('a credential is renewed over the same socket', () => {
  test('and its stream goes on without gap, repeat or notice, while entries are recorded', async () => {
    const mint = () => minter.mint({ annals: onVaults('v'), lifetime: 2 });
    const began = Date.now();
    await using watched = await watchOver(await mint());
    let recorded = 0;
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await record('v', recorded, 5);
        recorded += 5;
        await new Promise(setImmediate);
      }
    })();
    for (let round = 1; round <= 5; round++) {
      const count = watched.requests.length;
      await until(() => watched.requests.length > count && Date.now() - began > round * 900);
      const pong = await watched.renew(await mint());
      expect(pong).toMatchObject({ renewed: true });
      expect(Date.parse(pong?.expiresAt ?? '') - Date.now()).toBeGreaterThan(1000);
    }
    expect(Date.now() - began).toBeGreaterThan(4000);
    writing = false;
    await writer;
    await until(() => watched.requests.length >= recorded);
    expect(watched.requests).toEqual(Array.from({ length: recorded }, (_, index) => String(index)));
    expect(watched.notices).toEqual([]);
    // The last one ends, too.
    await until(() => watched.ended);
    expect(watched.notices).toEqual(['UNAUTHENTICATED']);
  });

  test('all streams of the socket take it up, those that begin later too; other rights count at once, and are told', async () => {
    await using watched = await watchOver(await minter.mint({ annals: onVaults('one'), lifetime: 3 }));
    const more: Batch[] = [];
    watched.client.subscribe<{ logAdded: Batch }>(
      { query },
      { next: ({ data }) => void (data && more.push(data.logAdded)), error: () => {}, complete: () => {} },
    );
    await until(() => more.length > 0);
    await record('two', 0);
    await record('one', 1);
    await until(() => watched.requests.length === 1 && more.some(({ entries }) => entries.length > 0));
    expect(await watched.renew(await minter.mint({ annals: onVaults('two') }))).toMatchObject({ renewed: true });
    await until(() => watched.notices.length > 0);
    await record('one', 2);
    await record('two', 3);
    await until(() => watched.requests.includes('3') && more.flatMap(({ entries }) => entries).length === 2);
    expect(watched.requests).toEqual(['1', '3']);
    expect(watched.notices).toEqual(['RIGHTS_CHANGED']);
    expect(more.flatMap(({ entries }) => entries.map(({ request }) => request))).toEqual(['1', '3']);
    const page = await watched.client
      .iterate({ query: '{ logs { nodes { request } } viewer { credential { kind } } }' })
      .next();
    expect(page.value.data).toMatchObject({ logs: { nodes: [{ request: '3' }, { request: '0' }] } });
  });

  test('from a stored member’s to a stated one, from a token to a JWT: of the same person', async () => {
    const { token } = await at.app.administration.createToken(to, { name: 'm', actsAs: { member: 'mia' } });
    await using watched = await watchOver(token);
    expect(await watched.renew(await minter.mint({ annals: { role: 'AUDITOR' } }))).toMatchObject({ renewed: true });
    await until(() => watched.notices.length > 0);
    expect(watched.notices).toEqual(['RIGHTS_CHANGED']);
    expect(await watched.renew(await minter.mint({ annals: {} }))).toMatchObject({ renewed: true });
    await until(() => watched.notices.length > 1);
    expect(watched.notices).toEqual(['RIGHTS_CHANGED', 'RIGHTS_CHANGED']);
    // A token of Annals’ own never expires here.
    expect(await watched.renew(token)).toEqual({ renewed: true, expiresAt: null });
    expect(watched.ended).toBe(false);
  });

  const refusals: Record<string, [code: string, token: () => Promise<string> | string]> = {
    'another person': ['FORBIDDEN', () => minter.mint({ subject: 'noa', annals: onVaults('v') })],
    'a program': [
      'FORBIDDEN',
      async () => (await at.app.administration.createToken(to, { name: 'p', actsAs: { role: 'AUDITOR' } })).token,
    ],
    'the same person of another organization': [
      'FORBIDDEN',
      async () => {
        const other = await newOrganization(at.app);
        return (await newMinter(at.app, other.owner, Date.now)).mint({ annals: onVaults('v') });
      },
    ],
    'nobody: it has expired': ['UNAUTHENTICATED', () => minter.mint({ age: 60, lifetime: 60 })],
    'nobody: it is no token': ['UNAUTHENTICATED', () => 'nonsense'],
    'nobody: it is too long': ['UNAUTHENTICATED', () => 'x'.repeat(13_000)],
  };

  test.each(Object.entries(refusals))(
    'but not by that of %s; then everything stays as it was',
    async (_, [code, make]) => {
      await using watched = await watchOver(await minter.mint({ annals: onVaults('v') }));
      const token = await make();
      const pong = await watched.renew(token);
      expect(pong).toMatchObject({
        renewed: false,
        error: { extensions: { code, cure: expect.stringMatching(/\.$/) } },
      });
      expect(JSON.stringify(pong)).not.toContain(token);
      await record('v', 7);
      await until(() => watched.requests.length > 0);
      expect([watched.requests, watched.notices, watched.ended]).toEqual([['7'], [], false]);
    },
  );

  test('a socket without a credential gets none by a ping; a ping that asks for nothing gets a bare pong', async () => {
    await using bare = await watchOver(null);
    expect(await bare.renew(await minter.mint())).toMatchObject({
      renewed: false,
      error: { extensions: { code: 'UNAUTHENTICATED' } },
    });
    await using watched = await watchOver(await minter.mint());
    expect(await watched.ping()).toBeUndefined();
    expect(await watched.ping({ at: 1 })).toBeUndefined();
    expect(watched.ended).toBe(false);
  });
});
