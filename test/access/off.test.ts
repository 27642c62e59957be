import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { newOrganization, useTestApps } from '../support/app.ts';
import { accessesOf, page } from './support.ts';

const apps = useTestApps({ ACCESS_LOG: 'off' });

test('off: nothing is recorded and nothing counted', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const { access } = app.services;
  expect(access.enabled).toBe(false);
  await page(app, to);
  await access.note(to.owner, 'EXPORT', { operation: 'export' });
  await access.recordChanges(to.owner, [{ action: 'annals.settings_changed' }]);
  await access.settle();
  expect(await accessesOf(database, to)).toEqual([]);
});

test('it is closed unless told otherwise', () => {
  expect(readConfig({})).toMatchObject({ accessLog: 'closed', accessWindowSeconds: 900 });
});
