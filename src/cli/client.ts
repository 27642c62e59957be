/** Operations against a running server, over HTTP. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type { Config } from '../config.ts';
import { demoFilePath, readDemoFile } from '../demo/file.ts';
import { AnnalsError, type ErrorCode, errorTable } from '../errors.ts';

export interface ServerAddress {
  /** Of the API, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  readonly token: string;
}

export interface Client {
  readonly url: string;
  /** Throws AnnalsError with the server’s own code; UNAVAILABLE when the server cannot be reached. */
  request<Result, Variables>(document: Operation<Result, Variables>, variables: Variables): Promise<Result>;
}

/** A typed operation as a document or as its text. */
export type Operation<Result, Variables> = DocumentTypeDecoration<Result, Variables>;

/** The text of an operation that was built while running: its types are what the builder promises. */
export const builtOperation = <Result, Variables>(text: string): Operation<Result, Variables> =>
  ({ toString: () => text }) as Operation<Result, Variables>;

/** The form of an error in an answer. */
export interface ReplyError {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly cure?: string; readonly retryAfterMs?: number };
}

interface Reply {
  readonly data?: unknown;
  readonly errors?: readonly ReplyError[];
}

/** ANNALS_URL and ANNALS_TOKEN; what is not set comes from the demo, with the token of the role that suits the command. */
export async function findServer(config: Config, role: string): Promise<ServerAddress> {
  const { annalsUrl: url, annalsToken: token } = config;
  if (url !== null && token !== null) return { url: url.endsWith('/graphql') ? url : `${url}/graphql`, token };
  if (url !== null || token !== null) {
    throw new AnnalsError('USAGE', {
      message: 'ANNALS_URL and ANNALS_TOKEN go together.',
      cure: 'Set both, or neither for the demo.',
    });
  }
  const path = demoFilePath(config.dataDirectory);
  const demo = await readDemoFile(config.dataDirectory).catch((cause: unknown) => {
    throw new AnnalsError('USAGE', {
      message: `${path} cannot be read.`,
      cure: 'Set ANNALS_URL and ANNALS_TOKEN, or run this as the user who started the demo.',
      cause,
    });
  });
  if (demo === null) {
    throw new AnnalsError('USAGE', {
      message: `There is no server to talk to: ANNALS_URL and ANNALS_TOKEN are not set, and ${path} does not exist.`,
      cure: 'Set both, or start the demo with `npm start`.',
    });
  }
  const principal = demo.principals.find((one) => one.role === role);
  if (principal === undefined)
    throw new AnnalsError('USAGE', { message: `${path} has no principal of the role ${role}.` });
  return { url: demo.url, token: principal.token };
}

const isCode = (code: string | undefined): code is ErrorCode => code !== undefined && code in errorTable;

/** The first error of an answer, with the server’s own code and cure. */
export function replyError({ message, extensions }: ReplyError): AnnalsError {
  const { code, cure, retryAfterMs } = extensions ?? {};
  return new AnnalsError(isCode(code) ? code : 'INTERNAL', {
    message,
    ...(cure === undefined ? {} : { cure }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function failure(status: number, reply: Reply | null): AnnalsError | null {
  const [error] = reply?.errors ?? [];
  if (error !== undefined) return replyError(error);
  if (reply?.data === undefined)
    return new AnnalsError('UNAVAILABLE', { message: `The server answered with HTTP status ${status}.` });
  return null;
}

export const unreachable = (url: string, cause?: unknown) =>
  new AnnalsError('UNAVAILABLE', {
    message: `${url} cannot be reached.`,
    cure: 'Start the server, or correct ANNALS_URL.',
    cause,
  });

/** Documents as data need GraphQL’s printer; the command line’s own are text, so it does not load it. */
async function textOf(document: object): Promise<string> {
  return 'kind' in document ? (await import('graphql')).print(document as never) : String(document);
}

export function openClient(server: ServerAddress): Client {
  const { url } = server;
  return {
    url,
    async request<Result, Variables>(document: Operation<Result, Variables>, variables: Variables): Promise<Result> {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${server.token}`,
      };
      const body = JSON.stringify({ query: await textOf(document), variables });
      const response = await fetch(url, { method: 'POST', headers, body }).catch((cause: unknown) => {
        throw unreachable(url, cause);
      });
      const reply = (await response.json().catch(() => null)) as Reply | null;
      const error = failure(response.status, reply);
      if (error !== null) throw error;
      return reply?.data as Result;
    },
  };
}

const passing: readonly ErrorCode[] = [
  'OVERLOADED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'STATEMENT_TIMEOUT',
  'SERVER_STOPPING',
  'TEXT_NOT_READY',
];

/** Whether the same request may succeed a little later. */
export const isPassing = (error: unknown): error is AnnalsError =>
  error instanceof AnnalsError && passing.includes(error.code);

/** How long a server may be away, in milliseconds. */
const patienceMs = 60_000;

/** Repeats what a passing fault refused; only for requests that may be repeated, such as rows with idempotency keys. */
export async function patiently<Result>(
  request: () => Promise<Result>,
  onWait: (error: AnnalsError) => void,
): Promise<Result> {
  const until = performance.now() + patienceMs;
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await request();
    } catch (error) {
      if (!isPassing(error) || performance.now() > until) throw error;
      onWait(error);
      await delay(Math.max(wait, error.retryAfterMs ?? 0));
    }
  }
}
