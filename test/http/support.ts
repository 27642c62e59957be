/** A transport over the test schema, and clients of its three kinds. */
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import type { AnnalsContext } from '../../src/graphql/context.ts';
import { toGraphQLError } from '../../src/graphql/errors.ts';
import { limitedParse } from '../../src/graphql/limits.ts';
import { type Http, type HttpDeps, type HttpOptions, openHttp } from '../../src/http/http.ts';
import { builtInRoles } from '../../src/model/role.ts';
import { openMetrics } from '../../src/telemetry/telemetry.ts';
import { type Counters, type Gate, openGate, testSchema } from './schema.ts';

export interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export interface TestHttp extends AsyncDisposable {
  readonly http: Http;
  readonly counters: Counters;
  readonly gate: Gate;
  readonly lines: Line[];
  /** Tokens in the order they were authenticated. */
  readonly authenticated: string[];
  /** Tokens that are refused from now on. */
  readonly revoked: Set<string>;
}

function principalOf(name: string, roleKey: string): Principal {
  const role = builtInRoles.find((one) => one.key === roleKey);
  if (role === undefined) throw new Error(`no role ${roleKey}`);
  return {
    organization: 1,
    organizationUid: '00000000-0000-7000-8000-000000000001',
    organizationName: 'Test',
    generation: 1,
    rightsVersion: 1,
    treeVersion: 1,
    kind: 'TOKEN',
    tokenId: `id-of-${name}`,
    name,
    member: null,
    role,
    expiresAt: null,
    jwt: null,
    makers: [],
    secret: 1,
    from: null,
    limits: { token: null, organization: null },
  };
}

const principals = new Map([
  ['recorder-token', principalOf('recorder', 'INTEGRATION')],
  ['reader-token', principalOf('reader', 'MEMBER')],
]);

export const limits = { queryDepth: 6, queryAliases: 5, queryTokens: 300 };

export async function openTestHttp(
  changes: Partial<HttpOptions> = {},
  depChanges: Partial<HttpDeps> = {},
): Promise<TestHttp> {
  const counters: Counters = { pulls: 0, open: 0 };
  const gate = openGate();
  const lines: Line[] = [];
  const authenticated: string[] = [];
  const revoked = new Set<string>();
  const to = (level: string) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  const log = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
  const deps: HttpDeps = {
    schema: testSchema(counters, gate),
    async authenticate(token) {
      authenticated.push(token);
      const principal = principals.get(token);
      if (principal === undefined || revoked.has(token)) {
        throw new AnnalsError('UNAUTHENTICATED', { message: 'The token is unknown or revoked.' });
      }
      return principal;
    },
    // The schema of these tests reads nothing else of a context.
    createContext: (principal, requestId, locale) => ({ principal, requestId, locale }) as AnnalsContext,
    admit: () => null,
    ready: async () => ({ ok: true, checks: [{ name: 'database', ok: true }] }),
    endStreams: async () => {},
    log,
    metrics: openMetrics(),
    tracing: null,
    fault: (where, error) => {
      if (error !== null) lines.push({ level: 'warn', fields: { where, err: error }, message: 'fails' });
    },
    formatError: (error, requestId) => toGraphQLError(error, requestId, log),
    parse: limitedParse(limits),
    ...depChanges,
  };
  const http = await openHttp(deps, {
    host: '127.0.0.1',
    port: 0,
    nextFreePort: false,
    allowedOrigins: [],
    bodyBytes: 2000,
    recordBodyBytes: 200_000,
    subscriptionsPerSocket: 3,
    examples: [{ query: 'query Hello { hello }' }],
    metrics: 'on',
    metricsToken: null,
    trustedProxies: [],
    proxyHeader: 'x-forwarded-for',
    tls: null,
    ...changes,
  });
  return {
    http,
    counters,
    gate,
    lines,
    authenticated,
    revoked,
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request over a connection of its own; no client library between. */
export async function send(port: number, options: RequestOptions, body?: string | Buffer): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const call = request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
    text(response).then(
      (whole) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole }),
      reject,
    );
  });
  call.on('error', reject);
  call.end(body);
  return promise;
}

export interface GraphQLAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
  /** Of the HTTP response, the refused upgrade, or 101. */
  readonly status: number;
  /** Code and reason, where the socket was closed instead of an answer. */
  readonly closed?: { readonly code: number; readonly reason: string };
}

export interface Ask {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** Sent instead of the query and its variables. */
  readonly payload?: unknown;
}

export type Transport = (port: number, ask: Ask) => Promise<GraphQLAnswer>;

const post =
  (accept: string): Transport =>
  async (port, { query, variables, token, headers, payload = { query, variables } }) => {
    const answer = await send(
      port,
      {
        method: 'POST',
        path: '/graphql',
        headers: {
          accept,
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      JSON.stringify(payload),
    );
    const first = /^data: (.+)$/m.exec(answer.body)?.[1];
    return { status: answer.status, ...JSON.parse(first ?? answer.body) };
  };

/** Opens a socket and sends connection_init; resolves with the first answer to one subscribe message. */
const overSocket: Transport = async (port, ask) => {
  const { query, variables, token, headers, payload: operation = { query, variables } } = ask;
  const { promise, resolve, reject } = Promise.withResolvers<GraphQLAnswer>();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { headers: { ...headers } });
  socket.on('error', reject);
  socket.on('unexpected-response', (_request, response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, ...JSON.parse(body) }), reject);
  });
  socket.on('open', () => {
    const payload = token === undefined ? {} : { payload: { authorization: `Bearer ${token}` } };
    socket.send(JSON.stringify({ type: 'connection_init', ...payload }));
  });
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'connection_ack') {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: operation }));
    } else if (message.type === 'next') resolve({ status: 101, ...message.payload });
    else if (message.type === 'error') resolve({ status: 101, errors: message.payload });
  });
  socket.on('close', (code, reason) => resolve({ status: 101, closed: { code, reason: reason.toString() } }));
  try {
    return await promise;
  } finally {
    socket.terminate();
  }
};

export const transports: Record<string, Transport> = {
  HTTP: post('application/json'),
  SSE: post('text/event-stream'),
  WebSocket: overSocket,
};

/** The code of the first error, or of the reason a socket was closed for. */
export function codeOf(answer: GraphQLAnswer): unknown {
  return answer.errors?.[0]?.extensions.code ?? answer.closed?.reason.split(':')[0];
}
