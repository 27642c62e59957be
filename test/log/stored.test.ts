import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { type DigestContent, Digester, leafHash } from '../../src/model/digest.ts';
import { type Entry, type Person, plainEntry } from '../../src/model/entry.ts';
import { always } from '../../src/model/predicate.ts';
import { asAdmin, newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';
import { entryInput } from '../support/entries.ts';

let clock: number | null = null;
const at = useTestApps({}, [{ now: () => clock ?? Date.now() }]);

const entriesOf = (app: App, { organization }: TestOrganization): Promise<Entry[]> =>
  app.store.readPage({ organization, predicate: always, direction: 'ASC', after: null, before: null, limit: 500 });

/** The content of stored entries, by the product’s ids: read as any verifier would, not taken from what was sent. */
async function contentsOf(app: App, to: TestOrganization, entries: readonly Entry[]): Promise<DigestContent[]> {
  const numbers = (pick: (entry: Entry) => (number | null)[]) =>
    entries.flatMap(pick).filter((number) => number !== null);
  const actors = await app.store.readActors(
    to.organization,
    numbers((one) => [one.actor, one.affectedUser]),
  );
  const places = await app.store.readDirectories(
    to.organization,
    numbers((one) => [one.directory, one.vault]),
  );
  const idOf = (list: readonly { number: number; externalId: string }[], number: number | null) =>
    list.find((one) => one.number === number)?.externalId ?? null;
  const person = (number: number | null, name: string | null, email: string | null): Person => ({
    id: idOf(actors, number),
    name,
    email,
  });
  return entries.map((entry) => ({
    ...plainEntry(entry),
    organizationUid: to.organizationUid,
    action: app.services.actions.key(entry.action),
    actor: person(entry.actor, entry.actorName, entry.actorEmail),
    affectedUser: person(entry.affectedUser, entry.affectedUserName, entry.affectedUserEmail),
    directoryId: idOf(places, entry.directory),
    vaultId: idOf(places, entry.vault),
  }));
}

test('the stored digest and leaf are those of the stored content', async () => {
  const to = await newOrganization(at.app);
  const keys = at.app.services.catalogue.actions.map((action) => action.key);
  const inputs = fc.sample(entryInput(keys), { numRuns: 300, seed: 7 });
  const outcomes = await at.app.services.log.append(to, inputs);
  expect(outcomes.filter((one) => one.error !== null)).toEqual([]);

  const entries = await entriesOf(at.app, to);
  const contents = await contentsOf(at.app, to, entries);
  const seals = await asAdmin<{ id: string; salts: Buffer; digest: Buffer; leaf: Buffer }>(
    at.database,
    'select id, salts, digest, leaf from log_entry where organization_id = $1 order by position',
    [to.organization],
  );
  expect(seals).toHaveLength(300);
  const digester = new Digester();
  for (const [index, entry] of entries.entries()) {
    const [seal, content] = [seals[index], contents[index]];
    if (seal === undefined || content === undefined) throw new Error('an entry without its seal');
    const digest = digester.digest(content, seal.salts);
    expect([index, digest.toString('hex')]).toEqual([index, seal.digest.toString('hex')]);
    expect(leafHash(entry.position, entry.recordedAt, digest)).toEqual(seal.leaf);
  }
  // Salts are each entry’s own: equal content tells nothing.
  expect(new Set(seals.map((seal) => seal.salts.toString('hex'))).size).toBe(300);
});

test('the first entry of a month makes its partition', async () => {
  const to = await newOrganization(at.app);
  const partition = async () =>
    (await asAdmin<{ name: string | null }>(at.database, "select to_regclass('log_entry_2041_05') as name"))[0]?.name;
  expect(await partition()).toBeNull();
  clock = Date.UTC(2041, 4, 31, 23, 59, 59);
  try {
    await at.app.services.log.append(to, plainEntries(2));
    clock += 2000;
    await at.app.services.log.append(to, plainEntries(1));
  } finally {
    clock = null;
  }
  expect(await partition()).toBe('log_entry_2041_05');
  const rows = await asAdmin<{ name: string; position: string }>(
    at.database,
    'select tableoid::regclass::text as name, position from log_entry where organization_id = $1 order by position',
    [to.organization],
  );
  expect(rows).toEqual([
    { name: 'log_entry_2041_05', position: '0' },
    { name: 'log_entry_2041_05', position: '1' },
    { name: 'log_entry_2041_06', position: '2' },
  ]);
});

test('the head is locked by a batch, never rewritten', async () => {
  const to = await newOrganization(at.app);
  const version = () =>
    asAdmin(at.database, 'select xmin::text, ctid::text from log_head where organization_id = $1', [to.organization]);
  await at.app.services.log.append(to, plainEntries(1));
  const before = await version();
  for (let batch = 0; batch < 20; batch++) await at.app.services.log.append(to, plainEntries(3));
  expect(await version()).toEqual(before);
});
