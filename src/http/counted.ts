/** What is counted of operations, the same for every transport. */
import type { IncomingHttpHeaders } from 'node:http';
import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { OperationSpan } from '../telemetry/telemetry.ts';
import type { HttpDeps } from './options.ts';

/** One operation on its way. */
export interface Counted {
  readonly requestId: string;
  readonly transport: 'http' | 'sse' | 'websocket';
  /** Of the process’s clock, in milliseconds. */
  readonly startedAt: number;
  /** The first root field, once it is known that it exists. */
  operation: string;
  /** Whether that is its only one. */
  alone: boolean;
  /** Whether its outcome was counted. */
  done: boolean;
  readonly span: OperationSpan | null;
}

export function startCounting(
  { tracing }: Pick<HttpDeps, 'tracing'>,
  transport: Counted['transport'],
  { requestId, headers }: { readonly requestId: string; readonly headers?: IncomingHttpHeaders },
): Counted {
  const span = tracing?.operation(headers?.traceparent, { transport, requestId }) ?? null;
  return { requestId, transport, startedAt: performance.now(), operation: 'none', alone: false, done: false, span };
}

/** Runs what belongs to the operation inside its span. */
export const within = <T>({ span }: Counted, work: () => T): T => (span === null ? work() : span.run(work));

/** Counts, and at debug level logs, the first outcome of an operation; later ones, such as those of a subscription’s events, are not. */
export function count({ metrics, log }: Pick<HttpDeps, 'metrics' | 'log'>, counted: Counted, outcome: string): void {
  if (counted.done) return;
  counted.done = true;
  const { requestId, operation, transport, startedAt } = counted;
  const ms = performance.now() - startedAt;
  counted.span?.end(operation, outcome);
  metrics.add('annals_operations_total', 1, { operation, transport, outcome });
  metrics.observe('annals_operation_duration_seconds', ms / 1000, { operation });
  log.debug({ requestId, operation, transport, outcome, ms: Math.round(ms * 10) / 10 }, 'operation');
}

/** OK, or the code of the first of the formatted errors. */
export function outcomeOf(errors: readonly { readonly extensions?: Record<string, unknown> }[] | undefined): string {
  if (errors === undefined || errors.length === 0) return 'OK';
  const code = errors[0]?.extensions?.code;
  return typeof code === 'string' ? code : 'INTERNAL';
}

/** Names the operation where it is about to run: its document has been validated, so the field is one of the schema’s. */
export const naming: Plugin<{ counted: Counted }> = {
  onExecute: ({ args }) => name(args.contextValue.counted, args.document, args.operationName),
  onSubscribe: ({ args }) => name(args.contextValue.counted, args.document, args.operationName),
};

function name(counted: Counted, document: DocumentNode, operationName: string | null | undefined): void {
  const operation = getOperationAST(document, operationName);
  if (!operation) return;
  const { selections } = operation.selectionSet;
  counted.operation = firstField(document, operation.selectionSet) ?? 'none';
  counted.alone = selections.length === 1 && selections[0]?.kind === Kind.FIELD;
}

function firstField(document: DocumentNode, { selections }: SelectionSetNode): string | null {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) return selection.name.value;
    const set =
      selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : fragment(document, selection.name.value);
    const found = set === undefined ? null : firstField(document, set);
    if (found !== null) return found;
  }
  return null;
}

function fragment(document: DocumentNode, wanted: string): SelectionSetNode | undefined {
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === wanted)
      return definition.selectionSet;
  }
  return undefined;
}
