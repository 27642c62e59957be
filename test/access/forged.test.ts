import { expect, test } from 'vitest';
import { newOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps();

test('nobody states the actions of Annals’ own catalogue: who read the log is not for callers to say', async () => {
  const to = await newOrganization(at.app);
  const [forged, own] = await at.app.services.log.append(
    to,
    [{ action: 'annals.log_access_started' }, { action: 'passwork.item_viewed' }],
    { fromCaller: true },
  );
  expect(forged).toMatchObject({ id: null, status: null, error: { code: 'ENTRY_INVALID', path: 'action' } });
  expect(own).toMatchObject({ status: 'CREATED' });
});
