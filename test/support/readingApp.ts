/** A real app on a cloned database, with a clock that only the test moves. */
import { type DocumentNode, type ExecutionResult, execute, type GraphQLError, parse, validate } from 'graphql';
import type { OrganizationRef } from '../../src/administration/administration.ts';
import { type App, openApp } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { readConfig } from '../../src/config.ts';
import { toGraphQLError } from '../../src/graphql/errors.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import type { Recorded } from './oracle.ts';

export interface TestClock {
  /** Milliseconds; starts at the time of the machine, because partitions lie around today. */
  now: number;
}

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly database: TestDatabase;
  readonly clock: TestClock;
  /** Another server on the same database; closed with this one. */
  another(): Promise<App>;
}

export async function openTestApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  await using undo = new AsyncDisposableStack();
  const database = undo.use(await createDatabase());
  const clock = { now: Date.now() };
  const config = readConfig({
    DATABASE_URL: database.url,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    PORT: '0',
    ACCESS_LOG: 'off',
    ...env,
  });
  const open = () => openApp(config, { now: () => clock.now });
  const app = undo.use(await open());
  const owned = undo.move();
  return {
    app,
    database,
    clock,
    another: async () => owned.use(await open()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export const principalOf = (app: App, token: string): Promise<Principal> => app.auth.authenticate(token);

/** What comes of a text before anything is executed: what to execute, or what is wrong with it. */
type Prepared = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

/** By schema and text, each of which always comes to the same; tests ask few questions with many variables. */
const prepared = new WeakMap<App['schema'], Map<string, Prepared>>();

function prepare(schema: App['schema'], source: string): Prepared {
  const known = prepared.get(schema) ?? new Map<string, Prepared>();
  prepared.set(schema, known);
  const before = known.get(source);
  if (before !== undefined) return before;
  const document = parse(source);
  const errors = validate(schema, document);
  const now = errors.length > 0 ? { errors } : { document };
  known.set(source, now);
  return now;
}

/** Runs an operation as a client would get it, as text: data and errors as JSON, errors with code, path and cure. */
export async function answerText(
  { schema, createContext, auth }: App,
  token: string,
  source: string,
  variableValues: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const contextValue = createContext(await auth.authenticate(token), 'request', 'en');
  const found = prepare(schema, source);
  const result: ExecutionResult =
    'errors' in found ? found : await execute({ schema, document: found.document, variableValues, contextValue });
  const errors = result.errors?.map((error) => toGraphQLError(error, 'request', { error() {} }));
  return JSON.stringify({ data: result.data, ...(errors === undefined ? {} : { errors }) });
}

/** The same, parsed. */
export const answer = async (...asked: Parameters<typeof answerText>): Promise<ExecutionResult> =>
  JSON.parse(await answerText(...asked));

/** A log that remembers what was stated, in its order. */
export interface RememberedLog {
  readonly organization: OrganizationRef;
  readonly ownerToken: string;
  readonly recorded: readonly Recorded[];
  /** Recorded together, at the time of the test’s clock. One call after another. */
  append(inputs: readonly EntryInput[]): Promise<void>;
}

let organizations = 0;

/** A new organization with an empty log. */
export async function openRememberedLog({ app, clock }: TestApp): Promise<RememberedLog> {
  const organization = await app.administration.createOrganization({ name: `Remembered ${++organizations}` });
  const recorded: Recorded[] = [];
  return {
    organization,
    ownerToken: organization.ownerToken,
    recorded,
    async append(inputs) {
      const recordedAt = clock.now;
      const outcomes = await app.services.log.append(organization, inputs);
      for (const [index, input] of inputs.entries()) {
        const { id, error } = outcomes[index] ?? {};
        if (id === null || id === undefined) throw error ?? new TypeError('no outcome');
        recorded.push({ input, id, recordedAt });
      }
    },
  };
}

/** A principal that acts as the member. */
export async function memberOf(app: App, organization: OrganizationRef, member: string): Promise<Principal> {
  const { token } = await app.administration.createToken(organization, { name: member, actsAs: { member } });
  return principalOf(app, token);
}
