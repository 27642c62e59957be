/** A real app on a cloned database, with a clock that only the test moves. */
import { type ExecutionResult, graphql } from 'graphql';
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

/** Runs an operation as a client would get it: data and errors as JSON, errors with code, path and cure. */
export async function answer(
  app: App,
  token: string,
  source: string,
  variableValues: Readonly<Record<string, unknown>> = {},
): Promise<ExecutionResult> {
  const contextValue = app.createContext(await principalOf(app, token), 'request', 'en');
  const { data, errors } = await graphql({ schema: app.schema, source, variableValues, contextValue });
  const log = { error() {} };
  const formatted = errors?.map((error) => toGraphQLError(error, 'request', log));
  return JSON.parse(JSON.stringify({ data, ...(formatted === undefined ? {} : { errors: formatted }) }));
}

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
