/**
 * Two server processes on one database that hear nothing of each other: every notification is held back on its way. What
 * changes on one takes effect on the streams of both all the same.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type DatabaseProxy, openProxy } from '../log/proxy.ts';
import { asAdmin, until } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type DataDirectory, newDataDirectory, type Server, startServer } from '../support/program.ts';
import { createOrganization } from '../support/world.ts';
import { type Followed, follow, type Transport } from './follow.ts';

const undo = new AsyncDisposableStack();
const transports: readonly Transport[] = ['WebSocket', 'SSE'];
/** Within this a change takes effect, in milliseconds; beside what the server takes to answer anything just then. */
const bound = 1000;

let database: TestDatabase;
let proxy: DatabaseProxy;
/** Two that are cut off from hints, and one beside the proxy. */
let one: Server;
let other: Server;
let beside: Server;
let owner: string;

beforeAll(async () => {
  database = undo.use(await createDatabase());
  proxy = undo.use(await openProxy(inject('postgres').socketDirectory, { notifications: false }));
  const data: DataDirectory = undo.use(await newDataDirectory());
  const common = {
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATA_DIRECTORY: data.path,
    LIVE_HEARTBEAT_SECONDS: '3600',
  };
  owner = (await createOrganization({ ...common, DATABASE_URL: database.url, ACCESS_LOG: 'off' })).owner;
  const start = async (url: string) => undo.use(await startServer({ ...common, DATABASE_URL: url }));
  [one, other, beside] = await Promise.all([
    start(proxy.through(database.url)),
    start(proxy.through(database.url)),
    start(database.url),
  ]);
  await ask(
    one,
    `mutation {
    upsertRole(input: ${watching('READ')}) { key }
    upsertDirectories(directories: [${['open', 'granted', 'grouped', 'weak', 'shut'].map((id) => `{ id: "${id}", name: "${id}", kind: VAULT, parentId: null }`)},
      { id: "moved", name: "moved", kind: FOLDER, parentId: "open" }]) { changed }
    upsertMembers(members: [{ id: "mia", name: "Mia", role: "WATCHER" }]) { changed }
    upsertGroups(groups: [{ id: "g", name: "g", memberIds: ["mia"] }]) { changed }
    setGrants(grants: [
      { directoryId: "open", memberId: "mia", level: ADMINISTRATOR }, { directoryId: "granted", memberId: "mia", level: ADMINISTRATOR },
      { directoryId: "weak", memberId: "mia", level: READ }, { directoryId: "grouped", groupId: "g", level: ADMINISTRATOR }]) { changed }
  }`,
  );
}, 120_000);
afterAll(() => undo.disposeAsync());

const watching = (level: string) =>
  `{ key: "WATCHER", name: "Watcher", permissions: [READ], scope: GRANTED, minimumAccessLevel: ${level}, ownActivity: false }`;

async function ask(server: Server, query: string): Promise<Record<string, Record<string, unknown>>> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${owner}` };
  const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { data, errors } = await response.json();
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

async function newToken(): Promise<{ readonly id: string; readonly secret: string }> {
  const { createToken } = await ask(
    one,
    'mutation { createToken(input: { name: "t", memberId: "mia" }) { secret token { id } } }',
  );
  const made = createToken as { secret: string; token: { id: string } };
  return { id: made.token.id, secret: made.secret };
}

/** One entry for each place and what it is called by. */
const record = (server: Server, entries: Readonly<Record<string, string>>) =>
  ask(
    server,
    `mutation { recordLogs(input: { entries: [${Object.entries(entries).map(
      ([request, place]) => `{ action: "passwork.item_viewed", directory: { id: "${place}" }, request: "${request}" }`,
    )}] }) { results { id error { code } } } }`,
  );

/** The longest that a server took for a plain question meanwhile: what the machine, and not Annals, lets it wait. */
function startPings(): { stop(): Promise<number> } {
  let running = true;
  let longest = 0;
  const ping = async (server: Server) => {
    while (running) {
      const start = performance.now();
      await ask(server, '{ viewer { role { key } } }');
      longest = Math.max(longest, performance.now() - start);
    }
  };
  const all = Promise.all([one, other].map(ping));
  return {
    async stop() {
      running = false;
      await all;
      return longest;
    },
  };
}

/** Makes the change on a server, and waits for the next notice of every stream; milliseconds until each came. */
async function noticesOf(server: Server, change: string, streams: readonly Followed[]) {
  const before = streams.map(({ notices }) => notices.length);
  const pings = startPings();
  try {
    await ask(server, `mutation { ${change} }`);
    const answered = performance.now();
    const noticed = await Promise.all(streams.map((stream, index) => stream.noticed((before[index] ?? 0) + 1)));
    return { took: noticed.map((at) => Math.round(at - answered)), busy: await pings.stop() };
  } finally {
    await pings.stop();
  }
}

interface Change {
  readonly name: string;
  /** What it opens and closes. */
  readonly place: string;
  readonly takes: string;
  readonly gives: string;
  /** What comes into sight is no change of rights: folders register there all the time. */
  readonly quietly?: true;
}

const changes: readonly Change[] = [
  {
    name: 'grant',
    place: 'granted',
    takes: 'removeGrants(grants: [{ directoryId: "granted", memberId: "mia" }]) { changed }',
    gives: 'setGrants(grants: [{ directoryId: "granted", memberId: "mia", level: ADMINISTRATOR }]) { changed }',
  },
  {
    name: 'membership of a group',
    place: 'grouped',
    takes: 'upsertGroups(groups: [{ id: "g", memberIds: [] }]) { changed }',
    gives: 'upsertGroups(groups: [{ id: "g", memberIds: ["mia"] }]) { changed }',
  },
  {
    name: 'definition of a role',
    place: 'weak',
    takes: `upsertRole(input: ${watching('EDIT')}) { key }`,
    gives: `upsertRole(input: ${watching('READ')}) { key }`,
  },
  {
    name: 'role of a member',
    place: 'weak',
    takes: 'upsertMembers(members: [{ id: "mia", role: "MEMBER" }]) { changed }',
    gives: 'upsertMembers(members: [{ id: "mia", role: "WATCHER" }]) { changed }',
  },
  {
    name: 'place of a directory',
    place: 'moved',
    takes: 'upsertDirectories(directories: [{ id: "moved", parentId: "shut" }]) { changed }',
    gives: 'upsertDirectories(directories: [{ id: "moved", parentId: "open" }]) { changed }',
    quietly: true,
  },
];

/** What ends every stream of the member, with the notice that it ends by. */
const ends: readonly { name: string; code: string; change: (token: string) => string; undone: string | null }[] = [
  {
    name: 'suspension',
    code: 'UNAUTHENTICATED',
    change: () => 'upsertMembers(members: [{ id: "mia", status: SUSPENDED }]) { changed }',
    undone: 'upsertMembers(members: [{ id: "mia", status: ACTIVE }]) { changed }',
  },
  {
    name: 'role that reads nothing',
    code: 'VISIBILITY_LOST',
    change: () => 'upsertMembers(members: [{ id: "mia", role: "INTEGRATION" }]) { changed }',
    undone: 'upsertMembers(members: [{ id: "mia", role: "WATCHER" }]) { changed }',
  },
  {
    name: 'revoked token',
    code: 'UNAUTHENTICATED',
    change: (token) => `revokeToken(id: "${token}")`,
    undone: null,
  },
];

/** On both servers, over both transports. */
async function followEverywhere(token: string, after: readonly string[] = []): Promise<Followed[]> {
  const all = [one, other].flatMap((server) => transports.map((transport) => ({ server, transport })));
  return Promise.all(
    all.map(({ server, transport }, index) => follow(server.url, token, transport, after[index] ?? null)),
  );
}

async function dispose(streams: readonly Followed[]): Promise<void> {
  for (const stream of streams) await stream[Symbol.asyncDispose]();
}

/** Printed together, at the end. */
const lines: string[] = [];
const told = (what: string, took: readonly number[], busy: number) =>
  lines.push(`${what}: ${took.join(', ')} (a plain request up to ${Math.round(busy)})`);
afterAll(() => console.log(['Milliseconds from a change to each of four streams:', ...lines].join('\n  ')));

describe('without hints', () => {
  test('what a change takes away is not delivered from then on, and what it gives is, each within a second', async () => {
    const streams = await followEverywhere((await newToken()).secret);
    try {
      const expected: string[] = [];
      for (const [index, { name, place, takes, gives, quietly }] of changes.entries()) {
        // Once made on the one server and undone on the other, once the other way round.
        const [first, second] = index % 2 === 0 ? [one, other] : [other, one];
        const taken = await noticesOf(first, takes, streams);
        told(name, taken.took, taken.busy);
        expect.soft(Math.max(...taken.took), name).toBeLessThan(bound + taken.busy);
        await record(second, { [`${index} hidden`]: place, [`${index} open`]: 'open' });
        await Promise.all(streams.map((stream) => stream.received(`${index} open`)));

        if (quietly) await ask(second, `mutation { ${gives} }`);
        else {
          const given = await noticesOf(second, gives, streams);
          told(`${name}, given back`, given.took, given.busy);
          expect.soft(Math.max(...given.took), name).toBeLessThan(bound + given.busy);
        }
        await record(first, { [`${index} shown`]: place });
        await Promise.all(streams.map((stream) => stream.received(`${index} shown`)));
        expected.push(`${index} open`, `${index} shown`);
      }
      for (const stream of streams) {
        expect.soft(stream.requests).toEqual(expected);
        expect.soft(new Set(stream.notices.map(({ code }) => code))).toEqual(new Set(['RIGHTS_CHANGED']));
        expect.soft(stream.notices).toHaveLength(changes.reduce((sum, { quietly }) => sum + (quietly ? 1 : 2), 0));
        expect.soft(stream.faults).toEqual([]);
      }
      // They were sent, and none of them arrived.
      expect(proxy.notifications).toBeGreaterThan(0);
    } finally {
      await dispose(streams);
    }
  }, 120_000);

  test('an entry that is recorded right after the change is not delivered either, whatever a stream knows by then', async () => {
    const streams = await followEverywhere((await newToken()).secret);
    try {
      for (const [index, { place, takes, gives }] of changes.entries()) {
        await ask(one, `mutation { ${takes} }`);
        await record(one, { [`${index} hidden`]: place, [`${index} open`]: 'open' });
        await record(other, { [`${index} hidden, too`]: place, [`${index} open, too`]: 'open' });
        // What was hidden when it was recorded, and is visible when a stream comes to it, would be delivered.
        await Promise.all(streams.map((stream) => stream.received(`${index} open, too`)));
        await ask(other, `mutation { ${gives} }`);
        await record(other, { [`${index} shown`]: place });
        await Promise.all(streams.map((stream) => stream.received(`${index} shown`)));
      }
      for (const { requests } of streams) {
        expect(requests.filter((request) => !/ open| shown/.test(request))).toEqual([]);
        expect(requests).toEqual(
          changes.flatMap((_, index) => [`${index} open`, `${index} open, too`, `${index} shown`]),
        );
      }
    } finally {
      await dispose(streams);
    }
  }, 120_000);

  test.each(ends)(
    'a $name ends every stream within a second, and says so',
    async ({ name, code, change, undone }) => {
      const { id, secret } = await newToken();
      const streams = await followEverywhere(secret);
      const { took, busy } = await noticesOf(one, change(id), streams);
      told(name, took, busy);
      expect(Math.max(...took)).toBeLessThan(bound + busy);
      await until(() => streams.every(({ ended }) => ended));
      for (const { notices } of streams) expect(notices.map((notice) => notice.code)).toEqual([code]);
      await record(other, { [`during ${name}`]: 'shut', [`after ${name}`]: 'open' });
      for (const refused of await followEverywhere(secret)) {
        expect(refused.requests).toEqual([]);
        expect(refused.faults.length).toBeGreaterThan(0);
        await refused[Symbol.asyncDispose]();
      }
      // Given back, the last cursor goes on where the stream ended.
      const again = undone === null ? (await newToken()).secret : secret;
      if (undone !== null) await ask(other, `mutation { ${undone} }`);
      const resumed = await followEverywhere(
        again,
        streams.map(({ cursor }) => cursor),
      );
      try {
        await Promise.all(resumed.map((stream) => stream.received(`after ${name}`)));
        for (const { requests } of resumed) expect(requests).toEqual([`after ${name}`]);
      } finally {
        await dispose([...streams, ...resumed]);
      }
    },
    60_000,
  );
});

describe('with the database out of reach', () => {
  const { takes, gives, place } = changes[0] ?? { takes: '', gives: '', place: '' };

  /** Waits as long as no right may be acted on any more, by this process’s clock. */
  const outlast = async () => {
    const since = performance.now();
    await until(() => performance.now() - since > 2500);
  };

  test('nothing is delivered, and afterwards the streams go on without gap or repeat, under the rights of then', async () => {
    const streams = await followEverywhere((await newToken()).secret);
    try {
      await record(beside, { before: place });
      await Promise.all(streams.map((stream) => stream.received('before')));
      proxy.freeze();
      await ask(beside, `mutation { ${takes} }`);
      await record(beside, { 'frozen, hidden': place, 'frozen, open': 'open' });
      await outlast();
      for (const { requests, notices, ended } of streams) {
        expect({ requests, notices, ended }).toEqual({ requests: ['before'], notices: [], ended: false });
      }
      proxy.thaw();
      await Promise.all(streams.map((stream) => stream.received('frozen, open')));
      await ask(beside, `mutation { ${gives} }`);
      await Promise.all(streams.map((stream) => stream.noticed(2)));
      await record(beside, { after: place });
      await Promise.all(streams.map((stream) => stream.received('after')));
      for (const { requests, faults } of streams) {
        expect({ requests, faults }).toEqual({ requests: ['before', 'frozen, open', 'after'], faults: [] });
      }
    } finally {
      proxy.thaw();
      await dispose(streams);
    }
  }, 60_000);

  test('a batch that was chosen before and could not be answered in time is not delivered; its stream can be resumed', async () => {
    const streams = await followEverywhere((await newToken()).secret);
    try {
      const [directory] = await asAdmin<{ id: number }>(database, 'select id from directory where external_id = $1', [
        place,
      ]);
      // The entry is chosen, and then the id of its directory cannot be looked up.
      proxy.freezeAt(`{"${directory?.id}"}`);
      await record(beside, { chosen: place });
      await until(() => proxy.frozen);
      await ask(beside, `mutation { ${takes} }`);
      await outlast();
      proxy.thaw();
      await record(beside, { afterwards: 'open' });
      const resumed: Followed[] = [];
      for (const [index, stream] of streams.entries()) {
        await until(() => stream.ended || stream.requests.includes('afterwards'));
        expect(stream.requests).not.toContain('chosen');
        if (!stream.ended) continue;
        expect(stream.faults).toEqual(['UNAVAILABLE']);
        const server = index < 2 ? one : other;
        const { secret } = await newToken();
        resumed.push(await follow(server.url, secret, transports[index % 2] ?? 'SSE', stream.cursor));
      }
      // The one that was frozen in the middle, at least.
      expect(resumed.length).toBeGreaterThan(0);
      await Promise.all(resumed.map((stream) => stream.received('afterwards')));
      for (const { requests } of resumed) expect(requests).toEqual(['afterwards']);
      await dispose(resumed);
    } finally {
      proxy.thaw();
      await ask(beside, `mutation { ${gives} }`);
      await dispose(streams);
    }
  }, 60_000);
});
