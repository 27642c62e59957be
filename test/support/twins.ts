/** Two apps that differ in nothing but their databases: the same clock, the same randomness, the same keys. */
import { createHash } from 'node:crypto';
import { type ExecutionResult, parse, subscribe, validate } from 'graphql';
import type { App } from '../../src/app.ts';
import { toGraphQLError } from '../../src/graphql/errors.ts';
import type { RandomSource } from '../../src/model/uuid.ts';
import { openTestApp, until } from './app.ts';
import { createDatabase } from './database.ts';
import { answer } from './readingApp.ts';

/** Bytes that follow from a seed: SHA-256 over the seed and a counter. */
function seededRandom(): { readonly source: RandomSource; seed(text: string): void } {
  let seed = '';
  let drawn = 0;
  return {
    seed(text) {
      seed = text;
      drawn = 0;
    },
    source(bytes) {
      for (let at = 0; at < bytes.length; at += 32) {
        const block = createHash('sha256').update(`${seed} ${drawn++}`).digest();
        bytes.set(block.subarray(0, bytes.length - at), at);
      }
    },
  };
}

export interface Twin extends AsyncDisposable {
  readonly app: App;
  /** One deed with randomness of its own: what happened before it, and how much was drawn for that, has no part in it. */
  deed<T>(seed: string, work: (app: App) => Promise<T>): Promise<T>;
  /** What a client would get, as text: the bytes that must not differ. */
  ask(seed: string, token: string, document: string, variables: Variables): Promise<string>;
  /** Batches of a subscription as text, each asked for when the one before was delivered and `meanwhile` was done. */
  watch(token: string, document: string, variables: Variables, meanwhile: readonly Meanwhile[]): Promise<string>;
}

export type Variables = Readonly<Record<string, unknown>>;
/** Done between two batches. */
type Meanwhile = () => Promise<unknown>;

async function openTwin(env: Readonly<Record<string, string>>, now: () => number): Promise<Twin> {
  await using undo = new AsyncDisposableStack();
  const database = undo.use(await createDatabase());
  const random = seededRandom();
  random.seed('server');
  const app = undo.use(await openTestApp(database, env, { now, random: random.source }));
  const owned = undo.move();
  const deed: Twin['deed'] = async (seed, work) => {
    random.seed(seed);
    return work(app);
  };
  return {
    app,
    deed,
    ask: (seed, token, document, variables) =>
      deed(seed, async () => JSON.stringify(await answer(app, token, document, variables))),
    watch: (token, document, variables, meanwhile) => watch(app, token, document, variables, meanwhile),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const formatted = ({ data, errors }: ExecutionResult) => ({
  data,
  errors: errors?.map((error) => toGraphQLError(error, 'request', { error() {} })),
});

async function watch(
  app: App,
  token: string,
  source: string,
  variableValues: Variables,
  meanwhile: readonly Meanwhile[],
): Promise<string> {
  const document = parse(source);
  const errors = validate(app.schema, document);
  if (errors.length > 0) return JSON.stringify(errors);
  const contextValue = app.createContext(await app.auth.authenticate(token), 'request', 'en');
  const batches = await subscribe({ schema: app.schema, document, variableValues, contextValue });
  if (!(Symbol.asyncIterator in batches)) return JSON.stringify(formatted(batches));
  const told: unknown[] = [];
  const pull = async () => {
    const result = await batches
      .next()
      .catch((error: unknown) => ({ done: false as const, value: { errors: [error] } }));
    told.push(result.done === true ? 'ended' : formatted(result.value as ExecutionResult));
  };
  await pull();
  for (const work of meanwhile) {
    await work();
    await pull();
  }
  await batches.return(undefined);
  await until(() => app.services.live.streams === 0);
  return JSON.stringify(told);
}

export interface Twins extends AsyncDisposable {
  readonly one: Twin;
  readonly other: Twin;
  /** The clock of both; milliseconds. */
  readonly clock: { now: number };
  /** The same deed in both; gives what the first one gave. */
  both<T>(seed: string, work: (app: App) => Promise<T>): Promise<T>;
}

export async function openTwins(env: Readonly<Record<string, string>>): Promise<Twins> {
  await using undo = new AsyncDisposableStack();
  // Behind the machine’s clock, which the database does not let an entry’s time pass by far; in whole seconds.
  const clock = { now: Math.floor(Date.now() / 1000) * 1000 - 3_600_000 };
  const one = undo.use(await openTwin(env, () => clock.now));
  const other = undo.use(await openTwin(env, () => clock.now));
  const owned = undo.move();
  return {
    one,
    other,
    clock,
    async both(seed, work) {
      const result = await one.deed(seed, work);
      await other.deed(seed, work);
      return result;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
