/** What searching needs is made behind the log, goes on where it was interrupted, and comes out the same whoever makes it. */
import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { openSearchIndex, type SearchIndex } from '../../src/log/log.ts';
import type { SearchIndexDeps } from '../../src/log/searchIndex.ts';
import { asAdmin, newOrganization, plainEntries, type TestOrganization, until, useTestApps } from '../support/app.ts';

const at = useTestApps();

const blocksOf = ({ organization }: TestOrganization) =>
  asAdmin<{ block: string }>(
    at.database,
    `select json_build_array(number, recorded_from, recorded_to, (select array_agg(g order by g) from unnest(grams) g))::text
       as block from search_block where organization_id = $1 order by number`,
    [organization],
  );
const textsOf = ({ organization }: TestOrganization) =>
  asAdmin<{ search: string | null }>(
    at.database,
    'select search from log_entry where organization_id = $1 order by position',
    [organization],
  );

/** The log as an Annals of before left it. */
async function forget({ organization }: TestOrganization): Promise<void> {
  await asAdmin(at.database, 'delete from search_block where organization_id = $1', [organization]);
  await asAdmin(at.database, 'update log_entry set search = null where organization_id = $1', [organization]);
}

async function openLog(entries: number): Promise<TestOrganization> {
  const to = await newOrganization(at.app);
  for (let from = 0; from < entries; from += 700) {
    const count = Math.min(700, entries - from);
    const common = { actor: { id: 'mia', name: 'Mia Chën' }, metadata: { b: [1e21, 'Übung'], a: { z: null, y: 'x' } } };
    await at.app.services.log.append(to, plainEntries(count, common, from));
  }
  return to;
}

const said: string[] = [];
const open = (store: SearchIndexDeps['store'] = at.app.store, faults: unknown[] = []): SearchIndex =>
  openSearchIndex({
    store,
    fault: (where, error) => faults.push([where, error instanceof AnnalsError ? error.code : error]),
    say: (line) => said.push(line),
    retryMs: 1,
  });

test('a log that grows is put in blocks as they fill', async () => {
  const to = await openLog(1000);
  const blocks = await until(async () => {
    const found = await blocksOf(to);
    return found.length === 7 ? found : null;
  });
  expect(blocks?.map(({ block }) => JSON.parse(block)[0])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await at.app.services.log.append(to, plainEntries(23));
  expect(await blocksOf(to)).toHaveLength(7);
  // The 1,024th entry ends a block; that there is one is noticed after 128 entries at most.
  await at.app.services.log.append(to, plainEntries(105));
  await until(async () => (await blocksOf(to)).length === 8);
});

test('entries of before cannot be searched until they have been given the texts that an append gives', async () => {
  const to = await openLog(1300);
  await until(async () => (await blocksOf(to)).length === 10);
  const [texts, blocks] = [await textsOf(to), await blocksOf(to)];
  const fields = texts[0]?.search?.split('\u001e') ?? [];
  expect([fields[0], fields.at(-1)]).toEqual(['mia chën', 'x\u001f1e+21\u001fübung']);
  const { query, live } = at.app.services;
  const filter = { text: { contains: ['mia'] } };
  expect(await (await query.logs(to.owner, { filter })).totalCount()).toEqual({ count: 1300, exact: true });

  await forget(to);
  const refused = { code: 'TEXT_NOT_READY', retryAfterMs: 5000 };
  // Whoever asks sets it going.
  await expect(live.subscribe(to.owner, { filter: { not: filter } }).next()).rejects.toMatchObject(refused);
  expect((await query.logs(to.owner, { filter: { actor: { exists: true } } })).edges).toHaveLength(50);
  await until(async () => !(await at.app.store.lacksTexts(to.organization)));
  expect(await textsOf(to)).toEqual(texts);
  await until(async () => (await blocksOf(to)).length === 10);
  expect(await blocksOf(to)).toEqual(blocks);
  expect(await (await query.logs(to.owner, { filter })).totalCount()).toEqual({ count: 1300, exact: true });
});

test.each(['readLastBlock', 'readTexts', 'readWithoutText', 'fillSearchTexts', 'addSearchBlocks'] as const)(
  'a fault in %s is reported, and what was begun is finished',
  async (step) => {
    const to = await openLog(2100);
    await until(async () => (await blocksOf(to)).length === 16);
    const [texts, blocks] = [await textsOf(to), await blocksOf(to)];
    await forget(to);
    // The second call fails, in the middle of the work where there is one.
    let calls = 0;
    const { store } = at.app;
    const failing = {
      ...store,
      [step]: async (...given: unknown[]) => {
        if (++calls === (step === 'readLastBlock' || step === 'addSearchBlocks' ? 1 : 2))
          throw new AnnalsError('UNAVAILABLE');
        return Reflect.apply(store[step], store, given);
      },
    };
    const faults: unknown[] = [];
    await using index = open(failing, faults);
    index.look(to.organization);
    await until(() => faults.some((fault) => JSON.stringify(fault) === '["search",null]'));
    expect(faults[0]).toEqual(['search', 'UNAVAILABLE']);
    expect(await textsOf(to)).toEqual(texts);
    expect(await blocksOf(to)).toEqual(blocks);
  },
);

test('one that is stopped half-way leaves the rest to the next, which says how far it came', async () => {
  const to = await openLog(1400);
  await until(async () => (await blocksOf(to)).length === 10);
  const [texts, blocks] = [await textsOf(to), await blocksOf(to)];
  await forget(to);
  const { store } = at.app;
  const filled = Promise.withResolvers<void>();
  const first = open({
    ...store,
    async fillSearchTexts(...given) {
      const count = await store.fillSearchTexts(...given);
      filled.resolve();
      return count;
    },
  });
  first.look(to.organization);
  await filled.promise;
  await first[Symbol.asyncDispose]();
  const left = (await textsOf(to)).filter(({ search }) => search === null).length;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(1400);
  said.length = 0;
  await using second = open();
  second.catchUp();
  await until(async () => (await blocksOf(to)).length === 10);
  expect(said).toContain(`search: every entry of organization ${to.organization} has its text (${left} given)`);
  expect(await textsOf(to)).toEqual(texts);
  expect(await blocksOf(to)).toEqual(blocks);
});

test('servers that do it at the same time come to the same', async () => {
  const to = await openLog(2100);
  await until(async () => (await blocksOf(to)).length === 16);
  const [texts, blocks] = [await textsOf(to), await blocksOf(to)];
  await forget(to);
  const faults: unknown[] = [];
  const indexes = [open(at.app.store, faults), open(at.app.store, faults), open(at.app.store, faults)];
  for (const index of indexes) index.look(to.organization);
  await Promise.all(indexes.map((index) => index.idle()));
  for (const index of indexes) await index[Symbol.asyncDispose]();
  expect(faults.filter((fault) => JSON.stringify(fault) !== '["search",null]')).toEqual([]);
  expect(await textsOf(to)).toEqual(texts);
  expect(await blocksOf(to)).toEqual(blocks);
});
