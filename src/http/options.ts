/** What the transport needs from the rest of Annals, and its bounds. */
import type { DocumentNode, GraphQLError, GraphQLSchema, Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Client } from '../access/access.ts';
import type { Principal } from '../auth/auth.ts';
import type { FaultReport } from '../errors.ts';
import type { AnnalsContext } from '../graphql/context.ts';
import type { Admission } from '../limits/limits.ts';
import type { Renewals } from '../live/live.ts';
import type { Metrics, Tracing } from '../telemetry/telemetry.ts';
import type { PeerOf, PeerOptions } from './peer.ts';
import type { TlsFiles } from './tls.ts';

/** A pino-compatible logger: fields first, then the message. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export interface Readiness {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly cure?: string }[];
}

export interface HttpDeps {
  readonly schema: GraphQLSchema;
  /** Throws UNAUTHENTICATED. Called once per HTTP request; per WebSocket once at the start and once per operation. */
  authenticate(token: string, client: Client): Promise<Principal>;
  /** The context of one operation; null without a credential. */
  createContext(
    principal: Principal | null,
    requestId: string,
    locale: string,
    client: Client,
    renewals: Renewals | null,
  ): AnnalsContext;
  /** Counts a request or an operation; null where nothing limits it. */
  admit(principal: Principal): Admission | null;
  ready(): Promise<Readiness>;
  /** Ends every live stream with a last result that says where to go on; resolves when all have been taken. */
  endStreams(): Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Null where traces are switched off. */
  readonly tracing: Pick<Tracing, 'operation'> | null;
  readonly fault: FaultReport;
  /** Any error as one with a code and a cure, the unexpected ones masked; see graphql/errors.ts. */
  formatError(error: unknown, requestId: string): GraphQLError;
  /** Parses a document within the limits; see graphql/limits.ts. */
  parse(source: string | Source): DocumentNode;
  /** Envelop plugins, such as compiled execution; they see every operation of every transport. */
  readonly plugins?: readonly Plugin<AnnalsContext>[];
}

/** A document that GraphiQL opens in a tab of its own, titled by the operation’s name. */
export interface Example {
  readonly query: string;
  /** JSON text. */
  readonly variables?: string;
}

export interface HttpOptions extends PeerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** When the port is taken, try the next ones, at most 100, instead of failing with PORT_TAKEN. */
  readonly nextFreePort: boolean;
  readonly allowedOrigins: readonly string[];
  /** Largest body and WebSocket message of a caller that may not record, in bytes. */
  readonly bodyBytes: number;
  /** The same for a caller that may record. */
  readonly recordBodyBytes: number;
  readonly subscriptionsPerSocket: number;
  readonly examples: readonly Example[];
  /** Whether /metrics answers at all. */
  readonly metrics: 'on' | 'off';
  /** What opens /metrics; null: it answers programs on this machine alone. */
  readonly metricsToken: string | null;
  /** Serves https and wss; null: http and ws. */
  readonly tls: TlsFiles | null;
  readonly bounds?: Partial<Bounds>;
}

/** Times in milliseconds, sizes in bytes. */
export interface Bounds {
  /** For the headers of a request, against clients that send them byte by byte. */
  readonly headersMs: number;
  /** For a whole request, body included. */
  readonly requestMs: number;
  /** A client that accepts nothing of what is ready for it for this long is disconnected. */
  readonly stallMs: number;
  /** From opening a WebSocket to connection_init. */
  readonly connectionInitMs: number;
  /** For a WebSocket client to answer a close; then it is dropped. */
  readonly closeMs: number;
  /** For the whole shutdown. */
  readonly stopMs: number;
  /** Bytes that may wait in one connection before its streams pause. */
  readonly bufferBytes: number;
  /** Characters of documents whose parse and validation are remembered. */
  readonly documentCharacters: number;
}

export const defaultBounds: Bounds = {
  headersMs: 10_000,
  requestMs: 60_000,
  stallMs: 60_000,
  connectionInitMs: 10_000,
  closeMs: 2000,
  stopMs: 5000,
  bufferBytes: 262_144,
  documentCharacters: 8_388_608,
};

/** Everything the transport’s parts share. */
export interface Transport {
  readonly deps: HttpDeps;
  readonly options: HttpOptions;
  readonly bounds: Bounds;
  readonly peerOf: PeerOf;
  /** Aborted when the server begins to stop: nothing new is begun. */
  readonly stopping: AbortSignal;
  /** Aborted when streams had their time to end by themselves: those that are left are ended. */
  readonly ending: AbortSignal;
  /** Exchanges and sockets that are not over, what they hold included. */
  readonly work: Work;
}

/** Promises that are pending. */
export interface Work {
  add(promise: Promise<unknown>): void;
  /** Resolves when none is. */
  idle(): Promise<void>;
}

export function openWork(): Work {
  const pending = new Set<Promise<unknown>>();
  return {
    add(promise) {
      const forget = () => pending.delete(promise);
      pending.add(promise);
      promise.then(forget, forget);
    },
    async idle() {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}
