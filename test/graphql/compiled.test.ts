import { type ExecutionArgs, type ExecutionResult, execute, parse } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { compiledExecution } from '../../src/graphql/compiled.ts';
import { schema } from '../../src/graphql/schema.ts';
import { anAction, newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';

const apps = useTestApps();
let to: TestOrganization;
beforeAll(async () => {
  to = await newOrganization(apps.app);
  await apps.app.services.log.append(to, [
    ...plainEntries(3, { actor: { id: 'u1' } }),
    ...plainEntries(2, { actor: { id: 'u2' }, outcome: 'DENIED' }, 3),
  ]);
});

type Variables = Readonly<Record<string, unknown>>;

/** What a document answers when it is asked for the `times`th time, and whether it was compiled by then. */
async function ask(text: string, variables: readonly Variables[]) {
  const plugin = compiledExecution();
  const document = parse(text);
  const answers: { readonly compiled: boolean; readonly result: ExecutionResult }[] = [];
  for (const variableValues of variables) {
    const contextValue = apps.app.createContext(to.owner, 'r', 'en');
    const args: ExecutionArgs = { schema, document, contextValue, variableValues };
    let run = execute as (given: ExecutionArgs) => unknown;
    const hook = { args, context: contextValue, executeFn: execute, setExecuteFn: (fn: typeof run) => (run = fn) };
    await Reflect.apply(plugin.onExecute ?? (() => {}), plugin, [hook]);
    const result = (await run(args)) as ExecutionResult;
    answers.push({ compiled: run !== execute, result: JSON.parse(JSON.stringify(result)) });
  }
  return answers;
}

const page = `query ($first: Int = 2, $filter: LogFilter, $order: LogOrder, $withCursor: Boolean = false) {
  logs(first: $first, filter: $filter, order: $order) { nodes { request outcome } headCursor @include(if: $withCursor) totalCount }
}`;

describe('compiled execution', () => {
  it('compiles a document that takes a filter, which contains itself, when it is seen the second time', async () => {
    const answers = await ask(page, [{}, {}, {}]);
    expect(answers.map(({ compiled }) => compiled)).toEqual([false, true, true]);
    expect(answers.map(({ result }) => result)).toEqual(Array(3).fill(answers[0]?.result));
  });

  const variables: readonly Variables[] = [
    { filter: null },
    { filter: {}, first: null },
    { filter: { actor: { in: ['u1'] } }, first: 10 },
    // A single value stands for a list of one.
    { filter: { actor: { in: 'u1' }, and: { outcome: { notIn: 'DENIED' } } } },
    { filter: { not: { or: [{ outcome: { in: ['DENIED'] } }, { not: { action: { in: [anAction] } } }] } } },
    { filter: { and: [{ not: { not: { not: { actor: { in: ['u2'] } } } } }] }, order: { direction: 'ASC' } },
    { filter: { recordedAt: { gte: '2020-01-01T00:00:00Z' } }, order: {} },
    { first: 1, withCursor: true },
    // Refused, in the executor’s words.
    { filter: { acton: {} } },
    { filter: { severity: { gte: 'high' } } },
    { filter: 3 },
    { first: 'x' },
    { filter: { recordedAt: { gte: 'yesterday' } } },
  ];
  it('answers as the executor does, whatever the variables', async () => {
    const answers = await ask(page, [{}, ...variables]);
    for (const [index, variableValues] of variables.entries()) {
      const contextValue = apps.app.createContext(to.owner, 'r', 'en');
      const expected = await execute({ schema, document: parse(page), contextValue, variableValues });
      const { compiled, result } = answers[index + 1] ?? {};
      expect({ variableValues, compiled, result }).toEqual({
        variableValues,
        compiled: true,
        result: JSON.parse(JSON.stringify(expected)),
      });
    }
  });
});
