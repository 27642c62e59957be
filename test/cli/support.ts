/** The real server on a database of its own, for tests that run commands against it. */
import { afterAll, beforeAll } from 'vitest';
import { type App, openApp } from '../../src/app.ts';
import { openClient } from '../../src/cli/client.ts';
import { readConfig } from '../../src/config.ts';
import { type EntryInput, RecordDocument } from '../generated/graphql.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { annals, type Environment, type Outcome, type Server, startServer } from '../support/program.ts';
import { addOrganization, type Tokens } from '../support/world.ts';

/** A log of its own on that server. */
export interface TestLog {
  readonly tokens: Tokens;
  /** What a command needs to talk to it as this token. */
  env(token: string): Environment;
  /** Runs a command as the owner. */
  run(...words: string[]): Promise<Outcome>;
  record(entries: readonly EntryInput[]): Promise<void>;
}

export interface TestServer {
  readonly server: Server;
  /** What an operator’s command needs to open the same database. */
  readonly databaseEnv: Environment;
  newLog(): Promise<TestLog>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
}

export function useTestServer(settings: Environment = {}): TestServer {
  let database: TestDatabase;
  let server: Server;
  // Makes the organizations: the server’s own process has no way to.
  let operator: App;
  let databaseEnv: Environment = {};
  let organizations = 0;
  beforeAll(async () => {
    database = await createDatabase();
    databaseEnv = { DATABASE_URL: database.url, MIGRATION_DATABASE_URL: database.ownerUrl };
    operator = await openApp(readConfig(databaseEnv));
    server = await startServer({ ...databaseEnv, ...settings });
  });
  afterAll(async () => {
    await operator[Symbol.asyncDispose]();
    await server.kill('SIGTERM');
    await database[Symbol.asyncDispose]();
  });

  return {
    get server() {
      return server;
    },
    get databaseEnv() {
      return databaseEnv;
    },
    async newLog() {
      const tokens = await addOrganization(operator, `Log ${++organizations}`);
      const env = (token: string) => ({ ANNALS_URL: new URL(server.url).origin, ANNALS_TOKEN: token });
      return {
        tokens,
        env,
        run: (...words) => annals(words, env(tokens.owner)),
        async record(entries) {
          const client = openClient({ url: server.url, token: tokens.integration });
          for (let from = 0; from < entries.length; from += 1000) {
            const input = { entries: entries.slice(from, from + 1000) };
            const { recordLogs } = await client.request(RecordDocument, { input });
            const refused = recordLogs.results.find(({ error }) => error !== null);
            if (refused !== undefined) throw new Error(`refused: ${JSON.stringify(refused.error)}`);
          }
        },
      };
    },
    async restart() {
      server = await startServer({ ...databaseEnv, ...settings, PORT: new URL(server.url).port });
    },
  };
}

/** The objects of ndjson output. */
export const objectsOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
