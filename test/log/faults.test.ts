import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { AnnalsError } from '../../src/errors.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { anAction, asAdmin, newOrganization, openTestApp, type TestOrganization } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { headLock, hold, waitingSessions } from './locks.ts';
import { type DatabaseProxy, openProxy } from './proxy.ts';

let database: TestDatabase;
let proxy: DatabaseProxy;
let app: App;
/** The app’s clock; the case of a new month moves it. */
let clock = Date.UTC(2043, 0, 1);

beforeAll(async () => {
  database = await createDatabase();
  proxy = await openProxy(inject('postgres').socketDirectory);
  const addresses = { url: proxy.through(database.url), ownerUrl: database.ownerUrl };
  app = await openTestApp(addresses, { STATEMENT_TIMEOUT_MS: '1500' }, { now: () => clock });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const terminate = (pids: readonly number[]) =>
  asAdmin(database, 'select pg_terminate_backend(pid) from unnest($1::int4[]) as pid', [pids]);

/** Every session of the app on this database, the listener’s too. */
const terminateAll = () =>
  asAdmin(
    database,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'annals%'",
  );

const allowConnections = async (allow: boolean) => {
  const { adminUrl } = inject('postgres');
  await asAdmin({ adminUrl }, `alter database ${database.name} with allow_connections ${allow}`);
};

interface Step {
  readonly name: string;
  /** Sends the request, breaks it at the step, and gives what became of it. */
  readonly fail: (to: TestOrganization, send: () => Promise<unknown>) => Promise<unknown>;
  /** What the retry finds. */
  readonly retry: 'CREATED' | 'REPEATED';
}

const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => 'recorded',
    (error: unknown) => error,
  );

/** The request comes to a stop at a lock, and its session is killed there. */
const killedAt =
  (lock: (to: TestOrganization) => string): Step['fail'] =>
  async (to, send) => {
    await using _held = await hold(database, lock(to));
    const answer = settled(send());
    await terminate(await waitingSessions(database, 1));
    return answer;
  };

/** In the order in which an append passes them. What is durable at each: nothing, until the last. */
const steps: readonly Step[] = [
  {
    name: 'the database takes no connections',
    retry: 'CREATED',
    async fail(_to, send) {
      await allowConnections(false);
      // Also of a superuser: the tests’ own sessions go through another database.
      const { adminUrl } = inject('postgres');
      await asAdmin({ adminUrl }, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
        database.name,
      ]);
      const answer = await settled(send());
      await allowConnections(true);
      return answer;
    },
  },
  {
    name: 'every session was killed since the last request',
    retry: 'CREATED',
    async fail(_to, send) {
      await terminateAll();
      return settled(send());
    },
  },
  {
    name: 'killed while a month’s partition is made',
    retry: 'CREATED',
    async fail(to, send) {
      clock = Date.UTC(2044, 0, 1);
      return killedAt(() => 'select pg_advisory_xact_lock(7305112, 1)')(to, send);
    },
  },
  { name: 'killed while people register', retry: 'CREATED', fail: killedAt(() => 'lock table actor in share mode') },
  {
    name: 'killed while places register',
    retry: 'CREATED',
    fail: killedAt(() => 'lock table directory in share mode'),
  },
  {
    name: 'killed while it waits for the head',
    retry: 'CREATED',
    async fail(to, send) {
      // A place that registers locks the head too: here they are known before.
      const places = (kind: 'VAULT' | 'FOLDER', ids: readonly string[], parent: string | null) =>
        app.store.registerDirectories(
          to.organization,
          ids.map((externalId) => ({ kind, externalId, name: null, parent })),
        );
      await places('VAULT', ['v'], null);
      await places('FOLDER', ['d0', 'd1', 'd2'], 'v');
      return killedAt(() => headLock(to.organization))(to, send);
    },
  },
  {
    name: 'killed between the entries and their keys',
    retry: 'CREATED',
    fail: killedAt(() => 'lock table idempotency_key in share mode'),
  },
  {
    name: 'the head is held for longer than a statement may take',
    retry: 'CREATED',
    async fail(to, send) {
      await using _held = await hold(database, headLock(to.organization));
      return await settled(send());
    },
  },
  {
    name: 'the reply is lost after the commit',
    retry: 'REPEATED',
    async fail(to, send) {
      const before = proxy.lost;
      // The statement’s text is prepared by name, its values are not: the request’s own mark travels in them.
      proxy.loseReplyTo(`mark ${to.organization}`);
      const answer = await settled(send());
      expect(proxy.lost).toBe(before + 1);
      return answer;
    },
  },
];

const requestOf = (to: TestOrganization): EntryInput[] =>
  [0, 1, 2].map((index) => ({
    action: anAction,
    idempotencyKey: `key ${index}`,
    request: `mark ${to.organization} ${index}`,
    actor: { id: `u${index}` },
    vault: { id: 'v' },
    directory: { id: `d${index}` },
  }));

/** What a reader finds, oldest first. */
async function read(to: TestOrganization): Promise<{ position: number; request: string | null }[]> {
  const page = await app.services.query.logs(to.owner, { first: 100, direction: 'ASC' });
  return page.edges.map(({ entry: { position, request } }) => ({ position, request }));
}

test.for(steps)('$name: UNAVAILABLE, nothing half-written, and the retry records each entry once', async (step) => {
  const to = await newOrganization(app);
  const { log } = app.services;
  const inputs = requestOf(to);
  const answer = await step.fail(to, () => log.append(to, inputs));
  // A pool may notice a killed session before it is used, and take another: then there was no fault at all.
  if (answer !== 'recorded') {
    expect(answer).toBeInstanceOf(AnnalsError);
    expect(answer).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    expect(await read(to)).toHaveLength(step.retry === 'REPEATED' ? 3 : 0);
  } else {
    expect(step.name).toMatch(/since the last request/);
  }

  const again = await log.append(to, inputs);
  const expected = answer === 'recorded' ? 'REPEATED' : step.retry;
  expect(again.map((one) => one.error?.code ?? one.status)).toEqual([expected, expected, expected]);
  expect((await log.append(to, inputs)).map((one) => one.status)).toEqual(Array(3).fill('REPEATED'));
  expect(await read(to)).toEqual(inputs.map(({ request }, position) => ({ position, request })));
});
