import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { AnnalsError } from '../../src/errors.ts';
import { type EntryInput, plainEntry } from '../../src/model/entry.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { headLock, hold } from '../log/locks.ts';
import { asAdmin, newOrganization, openTestApp, plainEntries, until, useTestApps } from '../support/app.ts';
import { removeData } from '../support/embedded.ts';
import { appendRow } from '../support/entries.ts';
import { numbered, watch } from './watch.ts';

const at = useTestApps({}, [{}, {}]);
const writer = () => {
  const app = at.apps[1];
  if (app === undefined) throw new Error('no second instance');
  return app;
};

test('a lost listener is replaced, and what came meanwhile is delivered', async () => {
  const to = await newOrganization(at.app);
  await using watched = await watch(at.app, to.owner);
  for (let round = 0; round < 3; round++) {
    await asAdmin(
      at.database,
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'annals listen'",
    );
    await writer().services.log.append(to, plainEntries(1, {}, round));
    await watched.received(round + 1);
    // One of each instance listens again.
    await until(async () => {
      const listening = await asAdmin(
        at.database,
        "select from pg_stat_activity where datname = current_database() and application_name = 'annals listen'",
      );
      return listening.length === 2;
    });
  }
  expect(watched.requests).toEqual(numbered(3));
});

test('an entry of which no hint tells is delivered by the next look', async () => {
  const to = await newOrganization(at.app);
  await at.app.services.log.append(to, plainEntries(1));
  const cursor = await (await at.app.services.query.logs(to.owner, { first: 1 })).headCursor();
  const [entry] = await at.app.store.readPage({
    organization: to.organization,
    predicate: { op: 'and', of: [] },
    direction: 'ASC',
    after: null,
    before: null,
    limit: 1,
  });
  if (entry === undefined) throw new Error('the entry is not there');
  await using watched = await watch(at.app, to.owner, { after: cursor });
  // Through the store, which sends no hints by itself.
  const silent = { ...plainEntry(entry), id: '01900000-0000-7000-8000-000000000000', request: 'silent' };
  const row = appendRow(silent, Buffer.alloc(80), Buffer.alloc(32));
  await writer().store.appendBatch(to.organization, Date.now(), null, [row]);
  const start = performance.now();
  await watched.received(1);
  expect(performance.now() - start).toBeLessThan(2000);
  expect(watched.requests).toEqual(['silent']);
});

/** Appends until it is recorded, as a producer would: the same keys again after each UNAVAILABLE. */
async function insist(app: App, to: Parameters<App['services']['log']['append']>[0], inputs: EntryInput[]) {
  const keyed = inputs.map((one) => ({ ...one, idempotencyKey: `${one.session} ${one.request}` }));
  for (;;) {
    try {
      return await app.services.log.append(to, keyed);
    } catch (error) {
      if (!(error instanceof AnnalsError) || error.code !== 'UNAVAILABLE') throw error;
      await until(
        () =>
          app.store.ping().then(
            () => true,
            () => false,
          ),
        20_000,
      );
    }
  }
}

interface Outage {
  readonly app: App;
  readonly instances: readonly App[];
  /** Breaks the database under load; resolves when it may work again. */
  readonly fault: () => Promise<unknown>;
}

/** Writers write and subscribers follow through the outage; then every acknowledged entry was delivered once, in order. */
async function ridesOut({ app, instances, fault }: Outage): Promise<void> {
  const to = await newOrganization(app);
  await using live = await watch(app, to.owner);
  const start = live.cursor;
  await using behind = await watch(app, to.owner, {
    after: start,
    pace: () => new Promise((resolve) => setImmediate(resolve)),
  });
  let broken = false;
  const acknowledged = new Set<string>();
  const writing = instances.flatMap((instance, index) =>
    [0, 1].map(async (one) => {
      // Some before, some during, some after.
      for (let round = 0, after = 0; after < 5; round++) {
        if (broken) after++;
        const inputs = plainEntries(1 + (round % 3), { session: `${index}.${one}.${round}` });
        for (const outcome of await insist(instance, to, inputs)) acknowledged.add(outcome.id ?? '');
      }
    }),
  );
  await live.received(50);
  await fault();
  broken = true;
  await Promise.all(writing);

  await live.received(acknowledged.size);
  const ids = live.entries.map((entry) => entry.id);
  expect(live.entries.map((entry) => entry.position)).toEqual(ids.map((_, index) => index));
  expect(new Set(ids)).toEqual(acknowledged);
  await behind.received(ids.length);
  expect(behind.entries.map((entry) => entry.id)).toEqual(ids);
  await using again = await watch(app, to.owner, { after: start });
  await again.received(ids.length);
  expect(again.entries.map((entry) => entry.id)).toEqual(ids);
}

test('a database that takes no connections for a while: the stream goes on without gap or repeat', async () => {
  const { adminUrl } = inject('postgres');
  const { name } = at.database;
  await ridesOut({
    app: at.app,
    instances: at.apps,
    async fault() {
      await asAdmin({ adminUrl }, `alter database ${name} with allow_connections false`);
      await asAdmin({ adminUrl }, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      const down = performance.now();
      // Longer than rights stay fresh: the streams pause, and begin again.
      await until(() => performance.now() - down > 2500);
      await asAdmin({ adminUrl }, `alter database ${name} with allow_connections true`);
    },
  });
});

test('a PostgreSQL that crashes and recovers: every acknowledged entry is there, once, in the stream too', async () => {
  await using undo = new AsyncDisposableStack();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'annals-live-'));
  // When root runs the tests, PostgreSQL runs under another account, which must pass through.
  await chmod(dataDirectory, 0o755);
  undo.defer(() => removeData(dataDirectory));
  const embedded = undo.use(await startEmbedded({ dataDirectory }));
  const app = undo.use(await openTestApp(embedded));
  await ridesOut({
    app,
    instances: [app],
    async fault() {
      // A session that dies takes all others with it: PostgreSQL reinitializes and replays its journal.
      const [row] = await asAdmin<{ pid: number }>(
        embedded,
        "select pid from pg_stat_activity where application_name = 'annals' limit 1",
      );
      process.kill(row?.pid ?? 0, 'SIGKILL');
      await until(
        () =>
          app.store.ping().then(
            () => true,
            () => false,
          ),
        20_000,
      );
    },
  });
});

test('a page of history whose session is killed is read again', async () => {
  const to = await newOrganization(at.app);
  const { live, log, query } = at.app.services;
  const after = await (await query.logs(to.owner, { first: 1 })).headCursor();
  await log.append(to, plainEntries(700));
  const stream = live.subscribe(to.owner, { after });
  expect((await stream.next()).value?.entries).toHaveLength(500);
  const held = await hold(at.database, 'lock table log_entry in access exclusive mode');
  const next = stream.next();
  const waiting = await until(async () => {
    const rows = await asAdmin<{ pid: number }>(
      at.database,
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
       and query like '%from log_head%' and query like '%left join lateral (%left join lateral (%'`,
    );
    return rows.length > 0 ? rows : null;
  });
  await asAdmin(at.database, 'select pg_terminate_backend(pid) from unnest($1::int4[]) as pid', [
    waiting?.map((row) => row.pid),
  ]);
  await held[Symbol.asyncDispose]();
  expect((await next).value?.entries).toHaveLength(200);
  await stream.return?.();
});

test('rights that cannot be read for two seconds pause a stream, though entries for it are in memory', async () => {
  const to = await newOrganization(at.app);
  const { live, log } = at.app.services;
  await using fast = await watch(at.app, to.owner);
  const slow = live.subscribe(to.owner, {});
  await slow.next();
  await log.append(to, plainEntries(700));
  await fast.received(700);
  expect((await slow.next()).value?.entries).toHaveLength(500);

  let settled = false;
  const held = await hold(at.database, 'lock table log_head in access exclusive mode');
  const since = performance.now();
  // A read that was under way may have ended after the lock was asked for.
  await until(() => performance.now() - since > 2500);
  const next = slow.next().finally(() => {
    settled = true;
  });
  const asked = performance.now();
  await until(() => performance.now() - asked > 100);
  expect(settled).toBe(false);
  await held[Symbol.asyncDispose]();
  expect((await next).value?.entries).toHaveLength(200);
  await slow.return?.();
});

test('an append that waits for the head holds no reader up', async () => {
  const to = await newOrganization(at.app);
  await at.app.services.log.append(to, plainEntries(3));
  await using _held = await hold(at.database, headLock(to.organization));
  const waiting = at.app.services.log.append(to, plainEntries(1, {}, 3));
  const page = await at.app.services.query.logs(to.owner, { first: 10 });
  expect(page.edges).toHaveLength(3);
  await using watched = await watch(at.app, to.owner);
  expect(watched.batches[0]?.caughtUp).toBe(true);
  await _held[Symbol.asyncDispose]();
  await waiting;
  await watched.received(1);
});
