import { expect, test } from 'vitest';
import { memberOf, openRememberedLog, openTestApp, principalOf } from '../support/readingApp.ts';

test('totalCount is exact to 10,000, then capped and flagged, and counts what is visible only', async () => {
  await using at = await openTestApp();
  const log = await openRememberedLog(at);
  const { administration, services } = at.app;
  const people = [{ externalId: 'mara', name: 'Mara', email: null, role: 'MEMBER' }];
  await administration.importWorld(log.organization, { members: people, groups: [], directories: [], grants: [] });
  const fill = (count: number, component: string, actor: string) =>
    log.append(
      Array.from({ length: count }, () => ({ action: 'passwork.item_viewed', component, actor: { id: actor } })),
    );
  for (let batch = 0; batch < 9; batch++) await fill(1000, 'web', 'ned');
  await fill(999, 'web', 'ned');
  await fill(1, 'mobile', 'mara');
  await fill(1, 'api', 'mara');

  const owner = await principalOf(at.app, log.ownerToken);
  const mara = await memberOf(at.app, log.organization, 'mara');
  const count = async (who: typeof owner, components: readonly string[] | null) => {
    const filter = components === null ? null : { component: { in: components } };
    return (await services.query.logs(who, { first: 0, filter })).totalCount();
  };
  expect(await count(owner, ['web'])).toEqual({ count: 9999, exact: true });
  expect(await count(owner, ['web', 'mobile'])).toEqual({ count: 10_000, exact: true });
  expect(await count(owner, null)).toEqual({ count: 10_000, exact: false });
  expect(await count(mara, null)).toEqual({ count: 2, exact: true });
  expect(await count(mara, ['web'])).toEqual({ count: 0, exact: true });
});
