/** Typed operations against a running server, over HTTP. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { type DemoFile, demoFilePath } from '../app.ts';
import type { Config } from '../config.ts';
import { AnnalsError, type ErrorCode, errorTable } from '../errors.ts';

export interface Client {
  readonly url: string;
  /** Throws AnnalsError with the server’s own code; UNAVAILABLE when the server cannot be reached. */
  request<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables): Promise<Result>;
}

interface Reply {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { code?: string; cure?: string; retryAfterMs?: number };
  }[];
}

/** ANNALS_URL and ANNALS_TOKEN; what is not set comes from the demo, with the token of the role that suits the command. */
export async function findServer(config: Config, role: string): Promise<{ url: string; token: string }> {
  const { annalsUrl: url, annalsToken: token } = config;
  if (url !== null && token !== null) return { url: url.endsWith('/graphql') ? url : `${url}/graphql`, token };
  if (url !== null || token !== null) {
    throw new AnnalsError('USAGE', {
      message: 'ANNALS_URL and ANNALS_TOKEN go together.',
      cure: 'Set both, or neither for the demo.',
    });
  }
  const path = demoFilePath(config.dataDirectory);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new AnnalsError('USAGE', {
      message: `There is no server to talk to: ANNALS_URL and ANNALS_TOKEN are not set, and ${path} does not exist.`,
      cure: 'Set both, or start the demo with `npm start`.',
    });
  });
  const demo = JSON.parse(text) as DemoFile;
  const principal = demo.principals.find((one) => one.role === role);
  if (principal === undefined)
    throw new AnnalsError('USAGE', { message: `${path} has no principal of the role ${role}.` });
  return { url: demo.url, token: principal.token };
}

const isCode = (code: string | undefined): code is ErrorCode => code !== undefined && code in errorTable;

function failure(status: number, reply: Reply | null): AnnalsError | null {
  const [error] = reply?.errors ?? [];
  if (error !== undefined) {
    const { code, cure, retryAfterMs } = error.extensions ?? {};
    return new AnnalsError(isCode(code) ? code : 'INTERNAL', {
      message: error.message,
      ...(cure === undefined ? {} : { cure }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (reply?.data === undefined)
    return new AnnalsError('UNAVAILABLE', { message: `The server answered with HTTP status ${status}.` });
  return null;
}

export function openClient(server: { url: string; token: string }): Client {
  const { url } = server;
  return {
    url,
    async request<Result, Variables>(
      document: TypedDocumentNode<Result, Variables>,
      variables: Variables,
    ): Promise<Result> {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${server.token}`,
      };
      const body = JSON.stringify({ query: print(document), variables });
      const response = await fetch(url, { method: 'POST', headers, body }).catch((cause: unknown) => {
        throw new AnnalsError('UNAVAILABLE', {
          message: `${url} cannot be reached.`,
          cure: 'Start the server, or correct ANNALS_URL.',
          cause,
        });
      });
      const reply = (await response.json().catch(() => null)) as Reply | null;
      const error = failure(response.status, reply);
      if (error !== null) throw error;
      return reply?.data as Result;
    },
  };
}

const retryable: readonly ErrorCode[] = ['OVERLOADED', 'UNAVAILABLE', 'STATEMENT_TIMEOUT', 'SERVER_STOPPING'];
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
      if (!(error instanceof AnnalsError) || !retryable.includes(error.code) || performance.now() > until) throw error;
      onWait(error);
      await delay(Math.max(wait, error.retryAfterMs ?? 0));
    }
  }
}
