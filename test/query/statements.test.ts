/** Which statements each operation runs. Their texts and plans are held elsewhere; here it is what is read, and how often. */
import { type ExecutionResult, execute, parse, subscribe } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Example, examples } from '../../src/graphql/examples.ts';
import { schema } from '../../src/graphql/schema.ts';
import { administered, upwards } from '../support/oracle.ts';
import { openTestApp, principalOf, type TestApp } from '../support/readingApp.ts';
import { openReadingLog, type ReadingLog } from './support.ts';

let at: TestApp;
let log: ReadingLog;
let member: string;
let depth = 0;
let vaultSeen: string | undefined;
let entrySeen: string | undefined;
let memberSeen: string | undefined;

beforeAll(async () => {
  at = await openTestApp();
  log = await openReadingLog(at, 11, 400);
  const who = log.viewpoints.find(({ reader }) => reader.role === 'MEMBER' && administered(reader).size > 0);
  if (who === undefined) throw new TypeError('no member administers anything');
  [vaultSeen] = administered(who.reader);
  entrySeen = log.expected(who, { directory: { under: [vaultSeen ?? ''] } })[0]?.id;
  memberSeen = who.reader.member ?? undefined;
  depth = Math.max(...[...log.tree.keys()].map((id) => [...upwards(id, log.tree)].length));
  const request = { name: 'm', actsAs: { member: who.reader.member ?? '' } };
  member = (await at.app.administration.createToken(log.organization, request)).token;
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** The verb, and the tables and functions it reaches: `select log_entry`. */
function shapeOf(statement: string): string {
  const text = statement.replaceAll(/\s+/g, ' ').trim();
  const verb = /^select count\(/i.test(text) ? 'count' : (text.split(' ', 1)[0] ?? '');
  const reached = [...text.matchAll(/\b(?:from|join|update|into)\s+([a-z_]+)(?:\s|\(|$)/g)].map(
    (match) => match[1] ?? '',
  );
  const names = reached.filter((name) => !['lateral', 'unnest', 'jsonb_array_elements'].includes(name));
  return [verb, ...new Set(names)].join(' ');
}

async function contextOf(token: string) {
  return at.app.createContext(await principalOf(at.app, token), 'request', 'en');
}

/** Paths climb the tree a level at a time, all directories of a page together: as many statements as the tree is deep. */
const levelsAsOne = (shapes: readonly string[]) =>
  shapes.filter((shape, index) => shape !== 'select directory' || shapes[index - 1] !== shape);

/** With every page as long as asked for. */
const sized = (source: string, page: number) => source.replaceAll(/first: \d+/g, `first: ${page}`);

/** The example’s variables, but such that they meet what everybody here sees: its ids and vaults are made up. */
function meeting(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const real: Record<string, unknown> = { filter: {}, vault: vaultSeen, id: `entry:${entrySeen}` };
  Object.assign(real, { entry: real.id, member: memberSeen, actor: memberSeen, of: { member: memberSeen } });
  const isMade = (value: unknown) => typeof value !== 'string' || /:put-an-id|^put-|^entry:/.test(value);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, name in real && isMade(value) ? real[name] : value]),
  );
}

async function statementsOf(token: string, { document, variables }: Example, page: number): Promise<string[]> {
  const contextValue = await contextOf(token);
  const shapes: string[] = [];
  using _ = at.app.store.observe((text) => shapes.push(shapeOf(text)));
  const variableValues = meeting(variables ?? {});
  const result: ExecutionResult = await execute({
    schema: at.app.schema,
    document: parse(sized(document, page)),
    contextValue,
    variableValues,
  });
  expect(result.errors).toBeUndefined();
  return shapes;
}

/** Whether a member may: every root field needs READ, or nothing. */
const isForMembers = ({ document }: Example): boolean =>
  parse(document).definitions.every(
    (definition) =>
      definition.kind !== 'OperationDefinition' ||
      definition.selectionSet.selections.every((selection) => {
        const field = selection.kind === 'Field' ? schema.getQueryType()?.getFields()[selection.name.value] : undefined;
        return [undefined, 'READ'].includes(field?.extensions.annalsPermission as string | undefined);
      }),
  );

const isStream = (example: Example) => example.document.includes('subscription');
const operations = examples.filter((example) => !isStream(example)).map((example) => [example.name, example] as const);
const streams = examples.filter(isStream).map((example) => [example.name, example] as const);

describe.each(['owner', 'member'] as const)('as %s', (who) => {
  const token = () => (who === 'owner' ? log.ownerToken : member);
  const allowed = operations
    .filter(([, { document }]) => who === 'owner' || !document.includes('mutation'))
    .filter(([, example]) => who === 'owner' || isForMembers(example));

  test.each(allowed)('%s', async (_, example) => {
    // What a principal sees, and the tree, are remembered from the first request on.
    await at.app.services.visibility.under(await principalOf(at.app, token()), []);
    if (!example.document.includes('mutation')) await statementsOf(token(), example, 5);
    const short = await statementsOf(token(), example, 5);
    expect(levelsAsOne(short)).toMatchSnapshot();
    if (example.document.includes('mutation')) return;
    const long = await statementsOf(token(), example, 200);
    expect(levelsAsOne(long)).toEqual(levelsAsOne(short));
    for (const shapes of [short, long]) expect(shapes.length - levelsAsOne(shapes).length).toBeLessThan(depth);
  });
});

test.each(streams)('%s', async (_, { document, variables }) => {
  const contextValue = await contextOf(member);
  const shapes = new Set<string>();
  using _observed = at.app.store.observe((text) => shapes.add(shapeOf(text)));
  const args = { schema: at.app.schema, document: parse(document), contextValue, variableValues: variables ?? {} };
  const stream = await subscribe(args);
  if (!(Symbol.asyncIterator in stream)) throw new TypeError(JSON.stringify(stream));
  const { value } = await stream.next();
  expect(value?.errors).toBeUndefined();
  await stream.return(undefined);
  // The shared tail is read on its own clock: which statements, not how often.
  expect([...shapes].sort()).toMatchSnapshot();
});
