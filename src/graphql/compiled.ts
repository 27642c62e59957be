/**
 * Compiled execution of documents seen before: graphql-jit turns an operation into one function, which reads variables and
 * completes results several times faster than walking the document. What it answers is what the executor would answer.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  isInputObjectType,
  Kind,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import type { AnnalsContext } from './context.ts';

type Run = (root: unknown, context: unknown, variables: Variables) => ReturnType<CompiledQuery['query']>;
type Variables = Readonly<Record<string, unknown>>;

/** What is known of one operation of a document: seen once, compiled, or not to be compiled. */
type State = 'seen' | 'interpreted' | Run;

/** Keeps what it compiled as long as the document itself is kept; documents come from a bounded cache. */
export function compiledExecution(): Plugin<AnnalsContext> {
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
  const name = operationName === '' ? undefined : operationName;
  const definitions = getOperationAST(document, name)?.variableDefinitions ?? [];
  const recursive = definitions.filter(({ type }) => {
    const input = typeFromAST(schema, type);
    return input !== undefined && containsItself(getNamedType(input));
  });
  try {
    const compiled = compileQuery(schema, recursive.length === 0 ? document : withoutTypes(document, recursive), name);
    if (!isCompiledQuery(compiled)) return null;
    return recursive.length === 0 ? compiled.query : coercedBefore(schema, recursive, compiled.query);
  } catch {
    // Whatever it cannot compile is executed as before.
    return null;
  }
}

/** Whether an input object has itself somewhere inside, as a filter has filters. */
function containsItself(type: GraphQLNamedType, above: readonly GraphQLNamedType[] = []): boolean {
  if (!isInputObjectType(type)) return false;
  if (above.includes(type)) return true;
  return Object.values(type.getFields()).some((field) => containsItself(getNamedType(field.type), [...above, type]));
}

/**
 * The document with those variables taken as they come. graphql-jit writes out the reading of a variable field by field, and
 * for a type that contains itself it would go on until the stack overflows: seconds in which the server answers nobody.
 */
function withoutTypes(document: DocumentNode, definitions: readonly VariableDefinitionNode[]): DocumentNode {
  const anything = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'JSON' } } as const;
  return visit(document, {
    VariableDefinition(node): VariableDefinitionNode | undefined {
      const { kind, variable, loc } = node;
      return definitions.includes(node) ? { kind, variable, type: anything, loc } : undefined;
    },
  });
}

/** Reads those variables as the executor does, defaults included; the compiled function reads the others. */
function coercedBefore(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  run: CompiledQuery['query'],
): Run {
  return (root, context, variables) => {
    const { errors, variableValues } = getVariableValues(schema, definitions, variables);
    return errors === undefined ? run(root, context, { ...variables, ...variableValues.coerced }) : { errors };
  };
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
