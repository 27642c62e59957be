/**
 * Traces in OpenTelemetry’s form: a span for each operation, and within it one for each statement and each batch of the log.
 * Its packages are loaded here, and only when tracing is switched on; nothing of them is global.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { FaultReport } from '../errors.ts';

/** The span of one operation. */
export interface OperationSpan {
  /** What begins in here belongs to the operation. */
  run<T>(work: () => T): T;
  /** `operation` is the root field; `outcome` is OK or an error’s code. */
  end(operation: string, outcome: string): void;
}

/** A span that is open where it was asked for. */
export interface Place {
  readonly span: Span;
  /** Whether it is over: what goes on in the background afterwards is nobody’s. */
  ended: boolean;
}

export interface Tracing extends AsyncDisposable {
  /** Begins an operation; `traceparent` is the caller’s header in W3C’s form, if it sent one. */
  operation(traceparent: unknown, about: { readonly transport: string; readonly requestId: string }): OperationSpan;
  /** Begins a statement, where an operation or a batch is open; call the result when it is over. Values are never shown. */
  statement(text: string): ((error: unknown) => void) | undefined;
  /** The open span, to be handed to the batch that serves it. */
  current(): Place | null;
  /** Runs a batch for the requests of these places. */
  batch<T>(entries: number, requests: readonly (Place | null)[], run: () => Promise<T>): Promise<T>;
}

export interface TracingOptions {
  /** Base address of an OTLP receiver over HTTP. */
  readonly endpoint: string;
  /** Sent with each export. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which part of all traces is kept, 0 to 1; of one trace all or nothing, the same on every server. */
  readonly ratio: number;
  readonly version: string;
  readonly fault: FaultReport;
}

const exportTimeoutMs = 3000;
/** Most requests that a batch’s span names. */
const mostLinks = 50;

/** Reports whether traces arrive, which the packages would tell a global logger alone. */
function reporting(exporter: SpanExporter, fault: FaultReport): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done) =>
      exporter.export(spans, (result) => {
        fault('traces', result.code === 0 ? null : (result.error ?? new Error('the receiver refused them')));
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

async function openProvider({ endpoint, headers, ratio, version, fault }: TracingOptions) {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportTimeoutMs });
  const share = new sdk.TraceIdRatioBasedSampler(ratio);
  return new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'annals', 'service.version': version }),
    // A caller may ask not to be traced; that it is traced is not for strangers to decide.
    sampler: new sdk.ParentBasedSampler({ root: share, remoteParentSampled: share }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: reporting(exporter, fault), scheduledDelayMillis: 1000 })],
  });
}

/** The ids of `00-<trace>-<span>-<flags>`; null for anything else. */
export function parseTraceparent(header: unknown): { traceId: string; spanId: string; traceFlags: number } | null {
  if (typeof header !== 'string') return null;
  const match = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/.exec(header);
  if (match === null) return null;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await import('@opentelemetry/api');
  const provider = await openProvider(options);
  const tracer = provider.getTracer('annals', options.version);
  const places = new AsyncLocalStorage<Place>();
  const under = (parent: Span) => trace.setSpan(ROOT_CONTEXT, parent);
  const current = () => {
    const place = places.getStore();
    return place === undefined || place.ended ? null : place;
  };
  const end = (place: Place, failure: string | null) => {
    if (place.ended) return;
    place.ended = true;
    if (failure !== null) place.span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    place.span.end();
  };

  return {
    operation(traceparent, { transport, requestId }) {
      const remote = parseTraceparent(traceparent);
      const context =
        remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
      const attributes = { 'annals.transport': transport, 'annals.request_id': requestId };
      const place = { span: tracer.startSpan('none', { kind: SpanKind.SERVER, attributes }, context), ended: false };
      return {
        run: (work) => places.run(place, work),
        end(operation, outcome) {
          place.span.updateName(operation);
          place.span.setAttribute('annals.outcome', outcome);
          end(place, outcome === 'OK' ? null : outcome);
        },
      };
    },

    statement(text) {
      const parent = current();
      if (parent === null) return undefined;
      const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text };
      const name = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? 'statement';
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, under(parent.span));
      return (error) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
        end({ span, ended: false }, error === null ? null : code);
      };
    },

    current,

    async batch(entries, requests, run) {
      const [first, ...others] = requests.filter((one) => one !== null);
      // Nobody’s request: what Annals records of itself.
      if (first === undefined) return run();
      const links = others.slice(0, mostLinks).map(({ span }) => ({ context: span.spanContext() }));
      const attributes = { 'annals.batch.entries': entries, 'annals.batch.requests': requests.length };
      const place = { span: tracer.startSpan('append batch', { attributes, links }, under(first.span)), ended: false };
      try {
        const result = await places.run(place, run);
        end(place, null);
        return result;
      } catch (error) {
        end(place, 'failed');
        throw error;
      }
    },

    [Symbol.asyncDispose]: () => provider.shutdown().catch((error: unknown) => options.fault('traces', error)),
  };
}
