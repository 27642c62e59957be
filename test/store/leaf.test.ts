import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { openActionNumbers } from '../../src/catalogue/numbers.ts';
import { type Log, openLog } from '../../src/log/log.ts';
import { type DigestContent, Digester, leafHash } from '../../src/model/digest.ts';
import { type Entry, type EntryInput, plainEntry } from '../../src/model/entry.ts';
import { always } from '../../src/model/predicate.ts';
import { systemRandom } from '../../src/model/uuid.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { openMetrics } from '../../src/telemetry/telemetry.ts';
import { createDatabase } from '../support/database.ts';
import { appendRow, entry, entryInput, firstRecordedAt } from '../support/entries.ts';

interface Sealed {
  readonly position: number;
  readonly salts: Buffer;
  readonly digest: Buffer;
  readonly leaf: Buffer;
}

const catalogue = openCatalogue();
const undo = new AsyncDisposableStack();
let url = '';
let store: Store;
let log: Log;
let keyOf: (action: number) => string;
let clock = firstRecordedAt;

beforeAll(async () => {
  const database = undo.use(await createDatabase());
  url = database.url;
  store = undo.use(openStore({ url, connections: 2, statementTimeoutMs: 10_000 }));
  await store.ensurePartitions(firstRecordedAt, firstRecordedAt);
  const actions = await openActionNumbers(store, catalogue);
  keyOf = actions.key;
  const deps = { store, catalogue, actionNumber: actions.number, now: () => clock, random: systemRandom };
  const limits = {
    entryBytes: 65_536,
    futureSeconds: 300,
    queueEntries: 10_000,
    bufferEntries: 100,
    closeEveryMs: 60_000,
  };
  const quiet = { fault: () => {}, onRecorded: () => {}, metrics: openMetrics(), tracing: null };
  log = undo.use(openLog({ ...deps, ...quiet, keySecret: createSecretKey(Buffer.alloc(32, 5)) }, limits));
});
afterAll(() => undo.disposeAsync());

async function newOrganization(uid: string): Promise<number> {
  return (await store.prisma.organization.create({ data: { uid, name: uid, head: { create: {} } } })).id;
}

async function sealsOf(organization: number): Promise<Sealed[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Omit<Sealed, 'position'> & { position: string }>(
      'select position, salts, digest, leaf from log_entry where organization_id = $1 order by position',
      [organization],
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
  } finally {
    await client.end();
  }
}

const everything = (organization: number) =>
  store.readPage({ organization, predicate: always, direction: 'ASC', after: null, before: null, limit: 1000 });

/** What the digest binds, put together from what the log holds and nothing else. */
async function contentsOf(
  organization: number,
  organizationUid: string,
  entries: readonly Entry[],
): Promise<DigestContent[]> {
  const numbers = (...of: (keyof Entry & ('actor' | 'affectedUser' | 'directory' | 'vault'))[]) =>
    entries.flatMap((one) => of.flatMap((field) => one[field] ?? []));
  const people = new Map(
    (await store.readActors(organization, numbers('actor', 'affectedUser'))).map((one) => [one.number, one.externalId]),
  );
  const places = new Map(
    (await store.readDirectories(organization, numbers('directory', 'vault'))).map((one) => [
      one.number,
      one.externalId,
    ]),
  );
  const idIn = (ids: ReadonlyMap<number, string>, number: number | null) =>
    number === null ? null : (ids.get(number) ?? 'missing');
  return entries.map((one) => ({
    ...plainEntry(one),
    organizationUid,
    action: keyOf(one.action),
    actor: { id: idIn(people, one.actor), name: one.actorName, email: one.actorEmail },
    affectedUser: { id: idIn(people, one.affectedUser), name: one.affectedUserName, email: one.affectedUserEmail },
    directoryId: idIn(places, one.directory),
    vaultId: idIn(places, one.vault),
  }));
}

describe('the leaf that the database computes', () => {
  it('is leafHash of the stored position, time and digest, over batches', async () => {
    const organization = await newOrganization('019cf3a0-0000-7000-8000-00000000000a');
    const times = [
      firstRecordedAt,
      firstRecordedAt + 1,
      firstRecordedAt + 999,
      firstRecordedAt + 12_345,
      firstRecordedAt + 86_399_999,
    ];
    for (const [index, now] of times.entries()) {
      const rows = fc.sample(entry, 5).map((one) => {
        const digest = Buffer.alloc(32);
        systemRandom(digest);
        return appendRow(one, Buffer.alloc(80), digest);
      });
      const result = await store.appendBatch(organization, now, null, rows);
      expect(result).toMatchObject({ recordedAt: now });
      const seals = (await sealsOf(organization)).slice(index * 5);
      expect(seals.map((seal) => seal.position)).toEqual(rows.map((_, row) => index * 5 + row));
      expect(seals.map((seal) => seal.digest)).toEqual(rows.map((row) => row.digest));
      expect(seals.map((seal) => seal.leaf)).toEqual(seals.map((seal) => leafHash(seal.position, now, seal.digest)));
    }
  });
});

describe('a recorded entry', () => {
  it('binds what the log gives back: its digest and leaf can be computed again from the row', async () => {
    const uid = '019cf3a0-0000-7000-8000-00000000000b';
    const organization = await newOrganization(uid);
    const stated = fc.sample(entryInput(catalogue.actions.map((action) => action.key)), 300);
    const edges: EntryInput[] = ['::1.2.3.4', '::ffff:1.2.3.4', '2001:DB8::0:1'].map((ip) => ({
      action: 'passwork.item_viewed',
      ip,
    }));
    for (const inputs of [stated, edges]) {
      clock += 1;
      const outcomes = await log.append({ organization, organizationUid: uid }, inputs);
      expect(outcomes.flatMap((one) => (one.error === null ? [] : [one.error.message]))).toEqual([]);
    }
    const entries = await everything(organization);
    const [contents, seals] = [await contentsOf(organization, uid, entries), await sealsOf(organization)];
    expect(entries).toHaveLength(303);
    const digester = new Digester();
    for (const [index, content] of contents.entries()) {
      const [one, seal] = [entries[index], seals[index]];
      if (one === undefined || seal === undefined) throw new Error('an entry is missing');
      expect(seal.position).toBe(one.position);
      const digest = digester.digest(content, seal.salts);
      expect(digest.toString('hex'), JSON.stringify(content)).toBe(seal.digest.toString('hex'));
      expect(leafHash(one.position, one.recordedAt, digest)).toEqual(seal.leaf);
    }
    // Salts are drawn for each entry.
    expect(new Set(seals.map((seal) => seal.salts.toString('hex'))).size).toBe(303);
  });
});
