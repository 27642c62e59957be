/** Real apps on one cloned database, opened before the tests of a file and closed after them. */
import pg from 'pg';
import { afterAll, beforeAll, vi } from 'vitest';
import { type App, type Overrides, openApp } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { readConfig } from '../../src/config.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { createDatabase, type TestDatabase } from './database.ts';

export interface TestApps {
  /** The first. */
  readonly app: App;
  /** One for each of the overrides, all on the same database. */
  readonly apps: readonly App[];
  readonly database: TestDatabase;
}

/** Opens the app on a database; `env` by the settings’ names. */
export function openTestApp(
  { url, ownerUrl }: Pick<TestDatabase, 'url' | 'ownerUrl'>,
  env: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
): Promise<App> {
  // Quiet, so that tests know every entry of a log; those of accesses ask for them.
  const addresses = { DATABASE_URL: url, MIGRATION_DATABASE_URL: ownerUrl, PORT: '0', ACCESS_LOG: 'off' };
  return openApp(readConfig({ ...addresses, ...env }), overrides);
}

/** Registers the hooks; what is returned can be read inside tests. */
export function useTestApps(
  env: Readonly<Record<string, string>> = {},
  overrides: readonly Overrides[] = [{}],
): TestApps {
  let database: TestDatabase | undefined;
  const apps: App[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    for (const one of overrides) apps.push(await openTestApp(database, env, one));
  });
  afterAll(async () => {
    for (const app of apps) await app[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  return {
    get app() {
      const [first] = apps;
      if (first === undefined) throw new TypeError('the app is not open yet');
      return first;
    },
    apps,
    get database() {
      if (database === undefined) throw new TypeError('the database is not there yet');
      return database;
    },
  };
}

export type TestOrganization = Awaited<ReturnType<App['administration']['createOrganization']>> & {
  /** Who may do and see everything. */
  readonly owner: Principal;
};

let organizations = 0;

/** An organization of its own, with an empty log. */
export async function newOrganization(app: App): Promise<TestOrganization> {
  const made = await app.administration.createOrganization({ name: `Organization ${++organizations}` });
  return { ...made, owner: await app.auth.authenticate(made.ownerToken) };
}

/** A member who acts through a token; ADMINISTRATOR on the vaults, which come to be if need be. */
export async function newMember(
  app: App,
  to: TestOrganization,
  member: { readonly id: string; readonly role?: string; readonly vaults?: readonly string[] },
): Promise<{ readonly principal: Principal; readonly tokenId: string }> {
  const { id, role = 'MEMBER', vaults = [] } = member;
  await app.administration.importWorld(to, {
    members: [{ externalId: id, name: id, email: null, role }],
    groups: [],
    directories: vaults.map((vault) => ({ externalId: vault, name: vault, kind: 'VAULT', parentId: null })),
    grants: vaults.map((vault) => ({ directoryId: vault, subject: { memberId: id }, level: 'ADMINISTRATOR' })),
  });
  const { id: tokenId, token } = await app.administration.createToken(to, { name: id, actsAs: { member: id } });
  return { principal: await app.auth.authenticate(token), tokenId };
}

/** After a test wrote past the administration: what every change of rights ends with. */
export async function raiseRights({ store }: Pick<App, 'store'>, organization: number): Promise<void> {
  await store.administration.raiseRights(organization);
  store.hints.send();
}

/** Carries every field, and asks for none. */
export const anAction = 'passwork.item_viewed';

/** Entries that name nobody; `request` counts them. */
export function plainEntries(count: number, common: Partial<EntryInput> = {}, from = 0): EntryInput[] {
  return Array.from({ length: count }, (_, index) => ({ action: anAction, ...common, request: String(from + index) }));
}

/** Asks again until the answer is truthy, and gives it; fails after the deadline. */
export async function until<T>(fact: () => T | Promise<T>, deadlineMs = 10_000): Promise<T> {
  let answer: { readonly value: T } | undefined;
  await vi.waitUntil(
    async () => {
      answer = { value: await fact() };
      return answer.value;
    },
    { timeout: deadlineMs, interval: 5 },
  );
  if (answer === undefined) throw new TypeError('nothing was asked');
  return answer.value;
}

/** Rows of a statement that the superuser runs on the database. */
export async function asAdmin<Row extends pg.QueryResultRow>(
  database: Pick<TestDatabase, 'adminUrl'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Whether a statement is of the index for searching, which is kept in the background: none of what is being done. */
export const isOfSearch = (text: string): boolean =>
  /search_block|e\.search from log_entry|e\.search is null/.test(text);
