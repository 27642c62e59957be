import { expect, test } from 'vitest';
import { newOrganization, useTestApps } from '../support/app.ts';
import { ownerRow, smallWorld } from './support.ts';

const at = useTestApps({ ACCESS_LOG: 'closed' });
const admin = () => at.app.services.administration;

test('everything that changed is told to the log, with who did it', async () => {
  const to = await newOrganization(at.app);
  await admin().synchronize(to.owner, smallWorld, false);
  await admin().upsertMembers(to.owner, [{ id: 'ann', role: 'AUDITOR', email: 'new@a.example' }]);
  await admin().upsertDirectories(to.owner, [{ id: 'folder', parentId: null }]);
  await admin().setGrants(to.owner, [{ directoryId: 'vault', groupId: 'g', level: 'READ' }]);
  const page = await at.app.services.query.logs(to.owner, { first: 3 });
  const told = page.edges.map(({ entry }) => ({
    action: at.app.services.actions.key(entry.action),
    by: entry.actorName,
    changes: entry.changes,
  }));
  expect(told).toEqual([
    { action: 'annals.grant_given', by: 'Owner', changes: [{ field: 'level', before: null, after: 'READ' }] },
    { action: 'annals.directory_moved', by: 'Owner', changes: [{ field: 'parentId', before: 'vault', after: null }] },
    {
      action: 'annals.member_role_changed',
      by: 'Owner',
      changes: [
        { field: 'email', before: null, after: null },
        { field: 'role', before: 'MEMBER', after: 'AUDITOR' },
      ],
    },
  ]);
});

test('a full synchronization is told change by change, and summed up; a dry run and one that changes nothing are not', async () => {
  const to = await newOrganization(at.app);
  await admin().synchronize(to.owner, { ...smallWorld, members: [ownerRow], groups: [], grants: [] }, true);
  const world = { members: [ownerRow], groups: [], directories: [{ id: 'v', name: 'V' }], grants: [] };
  await admin().synchronize(to.owner, world, false);
  await admin().synchronize(to.owner, world, false);
  const { edges } = await at.app.services.query.logs(to.owner, { first: 50 });
  const told = edges.map(({ entry }) => [
    at.app.services.actions.key(entry.action),
    entry.changes?.map((one) => one.field),
  ]);
  expect(told).toEqual([
    ['annals.full_sync_completed', ['directory.created']],
    ['annals.directory_created', ['name', 'kind']],
  ]);
});
