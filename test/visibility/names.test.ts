/** Names are known from visible entries only: what a hidden entry calls somebody can be neither read nor searched for. */
import { expect, test } from 'vitest';
import { newMember, newOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps();

test('a name that only hidden entries carry does not show in pickers, lookups or searches', async () => {
  const { services } = at.app;
  const to = await newOrganization(at.app);
  const { principal: mara } = await newMember(at.app, to, { id: 'mara', vaults: ['seen'] });
  const viewed = { action: 'passwork.item_viewed' } as const;
  const old = { id: 'x', name: 'Xenia Old', email: 'old@seen.example' };
  const renamed = { id: 'x', name: 'Xenia Secret-Married', email: 'new@hidden.example' };
  await services.log.append(to, [{ ...viewed, actor: old, vault: { id: 'seen' } }]);
  await services.log.append(to, [{ ...viewed, actor: renamed, vault: { id: 'hidden', name: 'Project Phoenix' } }]);
  await services.log.append(to, [{ ...viewed, actor: { id: 'mara' }, vault: { id: 'hidden' } }]);

  const names = async (search: string) => (await services.query.actors(mara, { search })).map(({ name }) => name);
  expect(await names('xenia')).toEqual(['Xenia Old']);
  expect(await names('secret')).toEqual([]);
  expect(await names('hidden.example')).toEqual([]);
  expect(await services.query.actor(mara, 'MEMBER', 'x')).toMatchObject({
    name: 'Xenia Old',
    email: 'old@seen.example',
  });
  // Her own activity shows that the vault is there, not what others called it.
  expect(await services.query.directory(mara, 'hidden')).toMatchObject({ externalId: 'hidden', name: null });
  expect(await services.query.directories(mara, { search: 'phoenix' })).toEqual([]);

  expect((await services.query.actors(to.owner, { search: 'secret' })).map(({ name }) => name)).toEqual([renamed.name]);
  expect(await services.query.directory(to.owner, 'hidden')).toMatchObject({ name: 'Project Phoenix' });
});
