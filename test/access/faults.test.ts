/** What happens when the log takes no entries: another session holds its head, and appends wait until they time out. */
import { expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { headLock, hold } from '../log/locks.ts';
import { newOrganization, openTestApp, type TestOrganization, useTestApps } from '../support/app.ts';
import { inShort, page } from './support.ts';

const apps = useTestApps({ ACCESS_LOG: 'closed', STATEMENT_TIMEOUT_MS: '300' });
const open = () => openTestApp(apps.database, { ACCESS_LOG: 'open', STATEMENT_TIMEOUT_MS: '300' });

const ways: Readonly<Record<string, (app: App, to: TestOrganization) => Promise<unknown>>> = {
  'a page': page,
  'a stream': async (app, to) => {
    const stream = app.services.live.subscribe(to.owner, {});
    await stream.next();
    await stream.return?.();
  },
  'an export': async (app, to) => app.services.access.note(to.owner, 'EXPORT', { operation: 'export' }),
  'a preview': async (app, to) => app.services.access.note(to.owner, 'PREVIEW', { operation: 'asMember' }),
};

test.each(Object.entries(ways))(
  'closed: %s that cannot be recorded is not answered, and is when it can',
  async (_, way) => {
    const { app, database } = apps;
    const to = await newOrganization(app);
    {
      await using _held = await hold(database, headLock(to.organization));
      await expect(way(app, to)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 1000 });
      expect(app.services.live.streams).toBe(0);
    }
    await way(app, to);
    expect(await inShort(database, to)).toHaveLength(1);
  },
);

test('closed: a refusal that cannot be recorded says no more than that', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const powerless = { ...to.owner, role: { ...to.owner.role, permissions: new Set<never>() } };
  const ask = () => app.services.query.logs(powerless, {});
  {
    await using _held = await hold(database, headLock(to.organization));
    await expect(ask()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
  await expect(ask()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await inShort(database, to)).toEqual(['access_refused REFUSED']);
});

test.each(Object.entries(ways))('open: %s is answered, and recorded later', async (_, way) => {
  const { database } = apps;
  await using app = await open();
  const to = await newOrganization(app);
  {
    await using _held = await hold(database, headLock(to.organization));
    await way(app, to);
    // Known to be waited for: what follows waits for nothing.
    await way(app, to);
    expect(await inShort(database, to)).toEqual([]);
  }
  await app.services.access.settle();
  expect((await inShort(database, to)).length).toBeGreaterThan(0);
});

test('a read that fails is no access', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  await expect(app.services.query.logs(to.owner, { first: 501 })).rejects.toMatchObject({ code: 'PAGE_TOO_LARGE' });
  expect(await inShort(database, to)).toEqual([]);
});
