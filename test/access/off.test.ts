import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { asAdmin, newOrganization, useTestApps } from '../support/app.ts';
import { accessesOf, page } from './support.ts';

const apps = useTestApps({ ACCESS_LOG: 'off' });

test('off: nothing is recorded and nothing counted', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const { access } = app.services;
  expect(access.enabled).toBe(false);
  await page(app, to);
  await access.note(to.owner, 'EXPORT', { operation: 'export' });
  await app.services.administration.upsertRole(to.owner, { key: 'ONE', name: 'One' });
  await access.recordChanges(to.owner);
  await access.settle();
  expect(await accessesOf(database, to)).toEqual([]);
  expect(await asAdmin(database, 'select from outbox')).toEqual([]);
});

test('it is closed unless told otherwise', () => {
  expect(readConfig({})).toMatchObject({ accessLog: 'closed', accessWindowSeconds: 900 });
});
