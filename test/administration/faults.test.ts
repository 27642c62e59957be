import { expect, test } from 'vitest';
import { openAdministration } from '../../src/administration/administration.ts';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { readStoredFilter } from '../../src/graphql/storedFilter.ts';
import { openSeal } from '../../src/model/seal.ts';
import { pooledRandom } from '../../src/model/uuid.ts';
import { openStore } from '../../src/store/store.ts';
import { hold } from '../log/locks.ts';
import { newOrganization, useTestApps } from '../support/app.ts';
import { member } from './support.ts';

const at = useTestApps({ STATEMENT_TIMEOUT_MS: '500' });

test('a change that waits too long is a STATEMENT_TIMEOUT, and goes through later', async () => {
  const to = await newOrganization(at.app);
  const change = () => at.app.services.administration.upsertMembers(to.owner, [member('ann')]);
  {
    await using _held = await hold(at.database, `select from organization where id = ${to.organization} for update`);
    await expect(change()).rejects.toMatchObject({ code: 'STATEMENT_TIMEOUT' });
    await expect(
      at.app.administration.importWorld(to, { members: [], groups: [], directories: [], grants: [] }),
    ).rejects.toMatchObject({
      code: 'STATEMENT_TIMEOUT',
    });
  }
  expect((await change()).isEmpty).toBe(false);
});

test('without a database every verb is UNAVAILABLE, those that go through Prisma too', async () => {
  await using store = openStore({
    url: 'postgresql://nobody@127.0.0.1:1/none',
    connections: 2,
    statementTimeoutMs: 1000,
  });
  const administration = openAdministration({
    store,
    auth: at.app.auth,
    catalogue: openCatalogue(),
    now: Date.now,
    random: pooledRandom(),
    seal: openSeal(new Uint8Array(32)),
    language: { read: readStoredFilter, check: at.app.services.query.checkFilter },
  });
  const to = await newOrganization(at.app);
  const down = { code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) };
  await expect(administration.organizations()).rejects.toMatchObject(down);
  await expect(administration.createOrganization({ name: 'x' })).rejects.toMatchObject(down);
  await expect(administration.management.upsertMembers(to.owner, [member('ann')])).rejects.toMatchObject(down);
  await expect(administration.management.members(to.owner, {})).rejects.toMatchObject(down);
  const guard = { operation: 'CHANGE_OWNERS', delaySeconds: 1, secondPerson: false } as const;
  await expect(administration.management.setGuard(to.owner, guard)).rejects.toMatchObject(down);
  await expect(administration.management.guards(to.owner)).rejects.toMatchObject(down);
  await expect(administration.management.pendingChanges(to.owner, {})).rejects.toMatchObject(down);
  await expect(administration.management.approveChange(to.owner, to.organizationUid)).rejects.toMatchObject(down);
  await expect(administration.management.saveView(to.owner, { name: 'view' })).rejects.toMatchObject(down);
  await expect(administration.management.views(to.owner, {})).rejects.toMatchObject(down);
  await expect(administration.due.run()).rejects.toMatchObject(down);
});
