/** What an organization holds, as managers see it, and what a report says, in plain lists. */
import type { ChangeReport, WorldInput } from '../../src/administration/administration.ts';
import type { App } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import type { TestOrganization } from '../support/app.ts';

/** `KIND created/changed/removed` of the kinds of which anything changed. */
export const counted = ({ counts }: ChangeReport): string[] =>
  counts
    .filter(({ created, changed, removed }) => created + changed + removed > 0)
    .map(({ kind, created, changed, removed }) => `${kind} ${created}/${changed}/${removed}`);

export async function versionOf(app: App, { organization: organizationId }: TestOrganization): Promise<number> {
  const { rightsVersion } = await app.store.prisma.logHead.findUniqueOrThrow({ where: { organizationId } });
  return Number(rightsVersion);
}

/** Everything a manager can list, but tokens. */
export async function listed(app: App, owner: Principal) {
  const { administration } = app.services;
  return {
    members: (await administration.members(owner, { first: 500 })).nodes,
    groups: (await administration.groups(owner, { first: 500 })).nodes,
    grants: (await administration.grants(owner, { first: 500 })).nodes,
    directories: await app.store.administration.readPlaces(owner.organization, null),
  };
}

export const member = (id: string, role: string | null = 'MEMBER') => ({
  id,
  name: id,
  email: `${id}@a.example`,
  role,
});
export const ownerRow = { id: 'owner', name: 'Owner', role: 'OWNER' };

/** A vault with two folders, two members and a group. */
export const smallWorld: WorldInput = {
  members: [ownerRow, member('ann'), member('bob')],
  groups: [{ id: 'g', name: 'Group', memberIds: ['bob'] }],
  directories: [
    { id: 'deep', name: 'Deep', parentId: 'folder' },
    { id: 'folder', name: 'Folder', parentId: 'vault' },
    { id: 'vault', name: 'Vault', parentId: null },
  ],
  grants: [
    { directoryId: 'vault', memberId: 'ann', level: 'ADMINISTRATOR' },
    { directoryId: 'folder', groupId: 'g', level: 'ADMINISTRATOR' },
  ],
};

/** A principal that acts as the member. */
export async function acting(app: App, to: TestOrganization, id: string): Promise<Principal> {
  const { token } = await app.administration.createToken(to, { name: id, actsAs: { member: id } });
  return app.auth.authenticate(token);
}

/** A principal that is a program with the role. */
export async function program(app: App, to: TestOrganization, role: string): Promise<Principal> {
  const { token } = await app.administration.createToken(to, { name: role, actsAs: { role } });
  return app.auth.authenticate(token);
}
