/** What a principal sees is compiled once for each version of its rights and of the tree: a change makes it anew, and time does not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { World } from '../../src/administration/administration.ts';
import {
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let token: string;

const vault = (id: string) => ({ externalId: id, name: id, kind: 'VAULT' as const, parentId: null });
const world = (...granted: string[]): World => ({
  members: [{ externalId: 'mara', name: 'Mara', email: null, role: 'MEMBER' }],
  groups: [],
  directories: [vault('one'), vault('two')],
  grants: granted.map((directoryId) => ({
    directoryId,
    subject: { memberId: 'mara' },
    level: 'ADMINISTRATOR' as const,
  })),
});

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  const { administration } = at.app;
  await administration.importWorld(log.organization, world('one'));
  token = (await administration.createToken(log.organization, { name: 'm', actsAs: { member: 'mara' } })).token;
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** How many directories are seen, and how many statements it took to find out. */
async function look(): Promise<{ directories: number; statements: number }> {
  const { app } = at;
  const principal = await principalOf(app, token);
  let statements = 0;
  using _ = app.store.observe(() => statements++);
  const { directories } = await app.services.visibility.sightOf(principal);
  return { directories: directories.size, statements };
}

test('it is read once, and not again while nothing changes, however long that is', async () => {
  expect(await look()).toEqual({ directories: 1, statements: 2 });
  expect(await look()).toEqual({ directories: 1, statements: 0 });
  await log.append([{ action: 'passwork.item_viewed', actor: { id: 'mara' }, vault: { id: 'one' } }]);
  at.clock.now += 400 * 24 * 3600_000;
  expect(await look()).toEqual({ directories: 1, statements: 0 });
});

test('a change of rights makes it anew, at the next look and once', async () => {
  await at.app.administration.importWorld(log.organization, world('one', 'two'));
  expect(await look()).toEqual({ directories: 2, statements: 2 });
  expect(await look()).toEqual({ directories: 2, statements: 0 });
});

test('so does a folder that an entry brings along, for which only the tree is read', async () => {
  await log.append([
    { action: 'passwork.item_viewed', actor: { id: 'mara' }, vault: { id: 'one' }, directory: { id: 'new' } },
  ]);
  expect(await look()).toEqual({ directories: 3, statements: 1 });
  expect(await look()).toEqual({ directories: 3, statements: 0 });
});

test('many at once wait for one reading', async () => {
  await log.append([
    { action: 'passwork.item_viewed', actor: { id: 'mara' }, vault: { id: 'one' }, directory: { id: 'newer' } },
  ]);
  const principal = await principalOf(at.app, token);
  let statements = 0;
  using _ = at.app.store.observe(() => statements++);
  await Promise.all(Array.from({ length: 20 }, () => at.app.services.visibility.sightOf(principal)));
  expect(statements).toBe(1);
});
