/** Names are known from visible entries only: what a hidden entry calls somebody can be neither read nor searched for. */

import { execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { newMember, newOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps();

const answerAs = async (principal: Principal, source: string) =>
  execute({
    schema: at.app.schema,
    document: parse(source),
    contextValue: at.app.createContext(principal, 'request', 'en'),
  });

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

test('a granted directory goes by the name that the product keeps, or that a visible entry carries', async () => {
  const { administration, services } = at.app;
  const to = await newOrganization(at.app);
  const { principal: mara } = await newMember(at.app, to, { id: 'mara', vaults: ['kept'] });
  const viewed = { action: 'passwork.item_viewed' } as const;
  await newMember(at.app, to, { id: 'noa', vaults: ['elsewhere'] });
  // Met in a place that she does not see, and named there.
  const named = (id: string) => ({ ...viewed, vault: { id, name: `${id} Secret` }, directory: { id: 'elsewhere' } });
  await services.log.append(to, [named('met'), named('told'), named('kept')]);
  const vault = (externalId: string, name: string | null) =>
    ({ externalId, name, kind: 'VAULT', parentId: null }) as const;
  const grant = (directoryId: string) =>
    ({ directoryId, subject: { memberId: 'mara' }, level: 'ADMINISTRATOR' }) as const;
  await administration.importWorld(to, {
    members: [{ externalId: 'mara', name: 'Mara', email: null, role: 'MEMBER' }],
    groups: [],
    directories: [vault('met', null), vault('told', null)],
    grants: [grant('met'), grant('told')],
  });
  await services.log.append(to, [{ ...viewed, vault: { id: 'told', name: 'Told' } }]);

  const again = await at.app.auth.refresh(mara);
  const seen = `{
    directories { id name } viewer { sees { grants(first: 9) { directoryId directory { name } } } }
    logs { nodes { directory { current { name path } } } }
  }`;
  const { data, errors } = await answerAs(again, seen);
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    directories: [
      { id: 'directory:told', name: 'Told' },
      { id: 'directory:kept', name: 'kept' },
      { id: 'directory:met', name: null },
    ],
    viewer: {
      sees: {
        grants: [
          { directoryId: 'kept', directory: { name: 'kept' } },
          { directoryId: 'met', directory: { name: null } },
          { directoryId: 'told', directory: { name: 'Told' } },
        ],
      },
    },
    logs: { nodes: [{ directory: { current: { name: 'Told', path: ['Told'] } } }] },
  });
  const { data: all } = await answerAs(to.owner, '{ directories { name } grants { nodes { directoryName } } }');
  expect(all).toEqual({
    directories: ['elsewhere', 'kept', 'met Secret', 'told Secret'].map((name) => ({ name })),
    grants: { nodes: ['elsewhere', 'kept', 'met Secret', 'told Secret'].map((directoryName) => ({ directoryName })) },
  });
});
