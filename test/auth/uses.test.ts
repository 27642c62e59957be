/** When tokens were last used, over HTTP and WebSocket: written behind the requests, many in one statement. */
import { createClient } from 'graphql-ws';
import { beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openTokenUses, type Principal } from '../../src/auth/auth.ts';
import type { Role } from '../../src/model/role.ts';
import type { TokenUse } from '../../src/store/store.ts';
import { newOrganization, openTestApp, type TestOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps();
let to: TestOrganization;
beforeEach(async () => {
  to = await newOrganization(at.app);
});

const newToken = (name: string, role = 'INTEGRATION') =>
  at.app.administration.createToken(to, { name, actsAs: { role } });
const listed = async (by = to.owner) => {
  const { nodes } = await at.app.services.administration.tokens(by, { first: 100, after: null });
  return new Map(nodes.map((token) => [token.name, token]));
};
const ask = (url: string, token: string) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { role { key } } }' }),
  });

test('a token that was used says when and from where once the server has stopped, and one that was not says never', async () => {
  const [http, socket, idle] = [await newToken('http'), await newToken('socket'), await newToken('idle')];
  const before = Date.now();
  {
    await using app = await openTestApp(at.database);
    const { url } = await app.listen();
    expect((await ask(url, http.token)).status).toBe(200);
    const client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${socket.token}` },
    });
    for await (const { data } of client.iterate({ query: '{ viewer { role { key } } }' })) expect(data).toBeTruthy();
    await client.dispose();
  }
  const tokens = await listed();
  for (const name of ['http', 'socket']) {
    const { lastUsedAt, lastUsedFrom } = tokens.get(name) ?? {};
    expect(lastUsedFrom).toBe('127.0.0.1');
    expect(lastUsedAt).toBeGreaterThanOrEqual(before);
    expect(lastUsedAt).toBeLessThanOrEqual(Date.now());
  }
  expect(tokens.get('idle')).toMatchObject({ id: idle.id, lastUsedAt: null, lastUsedFrom: null });
});

test('the address is not shown to a role from which addresses are hidden', async () => {
  const { id } = await newToken('a');
  await at.app.store.writeTokenUses([{ organization: to.organization, tokenId: id, at: 1000, from: '2001:db8::1' }]);
  expect((await listed()).get('a')).toMatchObject({ lastUsedAt: 1000, lastUsedFrom: '2001:db8::1' });
  const role = { ...to.owner.role, hiddenFields: new Set(['IP'] as const) };
  expect((await listed({ ...to.owner, role })).get('a')).toMatchObject({ lastUsedAt: 1000, lastUsedFrom: null });
});

test('the address is shown to those who see every entry, and to whom the token acts as', async () => {
  const { id } = await newToken('a');
  await at.app.store.writeTokenUses([{ organization: to.organization, tokenId: id, at: 1000, from: '192.0.2.1' }]);
  const shown = async (principal: Principal) => (await listed(principal)).get('a')?.lastUsedFrom;
  const seeing = (visibility: Partial<Role['visibility']>): Principal => {
    const { role } = to.owner;
    return { ...to.owner, member: null, role: { ...role, visibility: { ...role.visibility, ...visibility } } };
  };
  expect(await shown(seeing({}))).toBe('192.0.2.1');
  expect(await shown(seeing({ scope: 'GRANTED' }))).toBeNull();
  expect(await shown(seeing({ categories: [] }))).toBeNull();
  const { member } = to.owner;
  if (member === null) throw new TypeError('an owner is a member');
  const own = await at.app.services.administration.createToken(to.owner, {
    name: 'a',
    actsAs: { member: member.externalId },
  });
  await at.app.store.writeTokenUses([{ organization: to.organization, tokenId: own.id, at: 1, from: '192.0.2.9' }]);
  expect(await shown({ ...seeing({ scope: 'NONE' }), member })).toBe('192.0.2.9');
});

test('a use that another server wrote is not put back by an older one', async () => {
  const { id } = await newToken('a');
  const write = (time: number, from: string) =>
    at.app.store.writeTokenUses([{ organization: to.organization, tokenId: id, at: time, from }]);
  await write(2000, '192.0.2.2');
  await write(1000, '192.0.2.1');
  expect((await listed()).get('a')).toMatchObject({ lastUsedAt: 2000, lastUsedFrom: '192.0.2.2' });
});

test('thousands of requests by many tokens are one statement, and none while there is nothing new', async () => {
  let time = 1_000_000;
  const written: (readonly TokenUse[])[] = [];
  const store = { writeTokenUses: async (uses: readonly TokenUse[]) => void written.push(uses) };
  const uses = openTokenUses({ store, now: () => time, fault: () => {} });
  const use = (id: number) => uses.note({ organization: 1, tokenId: `t${id}`, jwt: null }, '192.0.2.1');
  for (let count = 0; count < 5000; count++) use(count % 50);
  await uses.write();
  expect(written.map((rows) => rows.length)).toEqual([50]);
  await uses.write();
  expect(written).toHaveLength(1);

  // One that is used all the time is written again before a minute is over, and not sooner than is promised.
  time += 10_000;
  use(7);
  await uses.write();
  expect(written).toHaveLength(1);
  time += 40_000;
  await uses.write();
  expect(written[1]).toMatchObject([{ tokenId: 't7', at: 1_010_000 }]);

  use(7);
  await uses.write(true);
  expect(written[2]).toMatchObject([{ tokenId: 't7', at: 1_050_000 }]);
});

test('what could not be written is written the next time, and what was used meanwhile is not lost', async () => {
  let time = 1_000_000;
  let fails = true;
  const written: (readonly TokenUse[])[] = [];
  const uses = openTokenUses({
    store: {
      async writeTokenUses(rows) {
        if (fails) throw new Error('the database is away');
        time = 1_000_009;
        uses.note({ organization: 1, tokenId: 'a', jwt: null }, null);
        written.push(rows);
      },
    },
    now: () => time,
    fault: () => {},
  });
  uses.note({ organization: 1, tokenId: 'a', jwt: null }, null);
  await expect(uses.write()).rejects.toThrow('away');
  fails = false;
  await uses.write();
  await uses.write(true);
  expect(written.map(([use]) => use?.at)).toEqual([1_000_000, 1_000_009]);
});
