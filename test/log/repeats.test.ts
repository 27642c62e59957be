import { expect, test } from 'vitest';
import { newOrganization, plainEntries, useTestApps } from '../support/app.ts';

const at = useTestApps();

test('a thousand rows with one key are one entry, and cost what one batch costs', async () => {
  const to = await newOrganization(at.app);
  await at.app.services.log.append(to, plainEntries(1));
  const rows = Array.from({ length: 1000 }, () => ({
    ...plainEntries(1)[0],
    action: 'passwork.item_viewed',
    idempotencyKey: 'k',
  }));
  const appends: string[] = [];
  const observer = at.app.store.observe((text) => text.includes('append_log_entries') && appends.push(text));
  const outcomes = await at.app.services.log.append(to, rows);
  observer[Symbol.dispose]();
  expect(appends).toHaveLength(1);
  expect(outcomes.map(({ status }) => status)).toEqual(['CREATED', ...Array(999).fill('REPEATED')]);
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(1);
});
