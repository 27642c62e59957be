/** The log of accesses names the person of a JWT and its issuer, and what was signed and is refused all the same. */
import { expect, test } from 'vitest';
import { accessesOf, useWatchingApps } from '../access/support.ts';
import { send } from '../http/support.ts';
import { newOrganization } from '../support/app.ts';
import { answer } from '../support/readingApp.ts';
import { newKeys, newMinter } from './support.ts';

const { apps, clock } = useWatchingApps();
const now = () => clock.now;

test('who reads with a JWT is recorded as the person, with the issuer and jti; changes too', async () => {
  const to = await newOrganization(apps.app);
  const minter = await newMinter(apps.app, to.owner, now, { roles: ['AUDITOR', 'OWNER'] });
  const { id } = minter.issuer;
  const token = await minter.mint({ subject: 'mia', annals: { role: 'AUDITOR', name: 'Mia' }, claims: { jti: 'j-1' } });
  await answer(apps.app, token, '{ logs(first: 1) { nodes { id } } }');
  const owner = await minter.mint({ subject: 'olga', annals: { role: 'OWNER' } });
  await answer(apps.app, owner, 'mutation { upsertRole(input: { key: "X", name: "X" }) { key } }');
  const entries = (await accessesOf(apps.database, to)).filter(({ actor }) => actor === 'mia' || actor === 'olga');
  expect(entries.map(({ action, actor, name, metadata }) => ({ action, actor, name, metadata }))).toEqual([
    {
      action: 'log_access_started',
      actor: 'mia',
      name: 'Mia',
      metadata: { kind: 'READ', operation: 'logs', entries: 1, issuer: id, jwt: 'j-1' },
    },
    { action: 'role_created', actor: 'olga', name: 'olga', metadata: { issuer: id } },
  ]);
});

test('a refusal is recorded of what a key of the issuer signed, and of nothing else', async () => {
  const to = await newOrganization(apps.app);
  const minter = await newMinter(apps.app, to.owner, now, { name: 'The Product' });
  await using server = await apps.app.listen();
  const ask = async (token: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const { status } = await send(
      server.port,
      { method: 'POST', path: '/graphql', headers },
      '{"query":"{ viewer { name } }"}',
    );
    return status;
  };
  expect(await ask(await minter.mint({ subject: 'nobody', key: (await newKeys('x')).privateKey }))).toBe(401);
  expect(await ask(await minter.mint({ issuer: 'https://nobody.example' }))).toBe(401);
  const refusals = async () =>
    (await accessesOf(apps.database, to)).filter(({ action }) => action === 'sign_in_refused');
  expect(await refusals()).toEqual([]);
  for (const subject of ['mia', 'noa']) {
    expect(await ask(await minter.mint({ subject, annals: { role: 'OWNER' } }))).toBe(401);
  }
  const [first, ...more] = await refusals();
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    type: 2,
    actor: minter.issuer.id,
    name: 'The Product',
    affected: 'mia',
    metadata: { kind: 'SIGN_IN', code: 'UNAUTHENTICATED', reason: 'this issuer may not give the role "OWNER"' },
  });
});
