/** Two apps that differ in nothing but their databases: the same clock, the same randomness, the same keys. */
import { createHash } from 'node:crypto';
import { type ExecutionResult, parse, subscribe, validate } from 'graphql';
import type { App } from '../../src/app.ts';
import { toGraphQLError } from '../../src/graphql/errors.ts';
import type { RandomSource } from '../../src/model/uuid.ts';
import { openTestApp, until } from './app.ts';
import { createDatabase } from './database.ts';
import { answerText } from './readingApp.ts';

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
  /**
   * What a stream of batches says, as text: the first batch as it came, and of the others everything but where one ends and
   * the next begins, which is a question of time. Between them the rounds are done, each awaited until its entry came.
   */
  watch(seed: string, token: string, document: string, variables: Variables, rounds: readonly Round[]): Promise<string>;
}

export type Variables = Readonly<Record<string, unknown>>;
/** Records something; gives the global id of the entry that the stream delivers last. */
export type Round = () => Promise<string>;

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
    ask: (seed, token, document, variables) => deed(seed, () => answerText(app, token, document, variables)),
    watch: (seed, token, document, variables, rounds) =>
      deed(seed, () => watch(app, token, document, variables, rounds)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const formatted = ({ data, errors }: ExecutionResult) => ({
  data,
  errors: errors?.map((error) => toGraphQLError(error, 'request', { error() {} })),
});

interface Batch {
  readonly entries: readonly { readonly id: string }[];
  readonly cursor: string;
  readonly notice: unknown;
}

async function watch(
  app: App,
  token: string,
  source: string,
  variableValues: Variables,
  rounds: readonly Round[],
): Promise<string> {
  const document = parse(source);
  const invalid = validate(app.schema, document);
  if (invalid.length > 0) throw invalid[0];
  const contextValue = app.createContext(await app.auth.authenticate(token), 'request', 'en');
  const batches = await subscribe({ schema: app.schema, document, variableValues, contextValue });
  if (!(Symbol.asyncIterator in batches)) return JSON.stringify(formatted(batches));
  const pull = async (): Promise<Batch> => {
    const result = await batches.next();
    if (result.done === true) throw new TypeError('the stream ended');
    if (result.value.errors !== undefined) throw result.value.errors[0];
    return JSON.parse(JSON.stringify(result.value.data?.logAdded));
  };
  try {
    const first = await pull();
    const told: Batch[] = [];
    for (const round of rounds) {
      const last = await round();
      while (told.at(-1)?.entries.at(-1)?.id !== last) told.push(await pull());
    }
    const notices = told.map(({ notice }) => notice).filter((notice) => notice !== null);
    return JSON.stringify({
      first,
      entries: told.flatMap(({ entries }) => entries),
      notices,
      cursor: told.at(-1)?.cursor,
    });
  } catch (error) {
    // A refusal of the request comes with the first batch that is asked for.
    const refused = toGraphQLError(error, 'request', { error() {} });
    if (refused.extensions.code === 'INTERNAL') throw error;
    return JSON.stringify({ refused });
  } finally {
    await batches.return(undefined);
    await until(() => app.services.live.streams === 0);
  }
}

const hourMs = 3_600_000;

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
  // Behind the machine’s clock, which the database does not let an entry’s time pass by far; from a full hour on, so that no
  // window of accesses ends on the way.
  const clock = { now: (Math.floor(Date.now() / hourMs) - 1) * hourMs };
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
