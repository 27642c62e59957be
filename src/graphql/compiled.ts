/**
 * Compiled execution of documents seen before: graphql-jit turns an operation into one function, which reads variables and
 * completes results several times faster than walking the document. What it answers is what the executor would answer.
 */
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';

type Run = CompiledQuery['query'];

/** What is known of one operation of a document: seen once, compiled, or not to be compiled. */
type State = 'seen' | 'interpreted' | Run;

/** Keeps what it compiled as long as the document itself is kept; documents come from a bounded cache. */
export function compiledExecution(): Plugin {
  const known = new WeakMap<DocumentNode, Map<string, State>>();

  const runOf = (schema: GraphQLSchema, document: DocumentNode, operationName: string): Run | null => {
    const operations = known.get(document) ?? new Map<string, State>();
    known.set(document, operations);
    const state = operations.get(operationName);
    if (typeof state === 'function') return state;
    // Compiling takes longer than one execution: what is asked only once is not worth it.
    if (state !== 'seen') {
      if (state === undefined) operations.set(operationName, 'seen');
      return null;
    }
    const run = compile(schema, document, operationName);
    operations.set(operationName, run ?? 'interpreted');
    return run;
  };

  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { schema, document, operationName } = args;
      const run = runOf(schema, document, operationName ?? '');
      if (run === null) return;
      setExecuteFn((given) => {
        const finish = (result: ExecutionResult) => {
          // Without data nothing ran: the variables were refused, and the executor words that better.
          if (!('data' in result)) return executeFn(given);
          return result.errors === undefined ? result : { ...result, errors: result.errors.map(located(document)) };
        };
        const result = run(given.rootValue, given.contextValue, given.variableValues ?? {});
        return result instanceof Promise ? result.then(finish) : finish(result);
      });
    },
  };
}

function compile(schema: GraphQLSchema, document: DocumentNode, operationName: string): Run | null {
  try {
    const compiled = compileQuery(schema, document, operationName === '' ? undefined : operationName);
    return isCompiledQuery(compiled) ? compiled.query : null;
  } catch {
    // Whatever it cannot compile is executed as before.
    return null;
  }
}

/** The compiled function’s errors name line and column alone; the server’s other errors carry offsets into their source. */
function located(document: DocumentNode): (error: GraphQLError) => GraphQLError {
  const source = document.loc?.source;
  const starts = lineStarts(source?.body ?? '');
  return (error) =>
    new GraphQLError(error.message, {
      source,
      positions: error.locations?.map(({ line, column }) => (starts[line - 1] ?? 0) + column - 1),
      path: error.path,
      originalError: error.originalError,
    });
}

/** The offset of each line’s first character. */
function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|[\n\r]/g), (match) => match.index + match[0].length)];
}
