import { AnnalsError } from '../errors.ts';
import type { AccessLevel } from '../model/role.ts';
import type { PrismaClient } from '../store/store.ts';

/** An organization’s people and places, by the product’s own ids. Parents come before their children. */
export interface World {
  readonly members: readonly {
    readonly externalId: string;
    readonly name: string;
    readonly email: string | null;
    /** Key of a role; null may do and see nothing. */
    readonly role: string | null;
  }[];
  readonly groups: readonly {
    readonly externalId: string;
    readonly name: string;
    readonly memberIds: readonly string[];
  }[];
  readonly directories: readonly {
    readonly externalId: string;
    readonly name: string;
    readonly kind: 'VAULT' | 'FOLDER';
    readonly parentId: string | null;
  }[];
  readonly grants: readonly {
    readonly directoryId: string;
    readonly subject: { readonly memberId: string } | { readonly groupId: string };
    readonly level: AccessLevel;
  }[];
}

type Client = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;
type Numbers = ReadonlyMap<string, number>;

function numberOf(numbers: Numbers, id: string, path: string): number {
  const number = numbers.get(id);
  if (number === undefined)
    throw new AnnalsError('BAD_INPUT', { path, message: `${path}: there is no ${JSON.stringify(id)}.` });
  return number;
}

async function importMembers(client: Client, organizationId: number, members: World['members']): Promise<Numbers> {
  const numbers = new Map<string, number>();
  for (const { externalId, name, email, role } of members) {
    const actorKey = { organizationId, type: 'MEMBER' as const, externalId };
    const actor = await client.actor.upsert({
      where: { organizationId_type_externalId: actorKey },
      create: { ...actorKey, name, email },
      update: { name, email },
    });
    const member = await client.member.upsert({
      where: { organizationId_externalId: { organizationId, externalId } },
      create: { organizationId, externalId, name, email, role, actorId: actor.id },
      update: { name, email, role },
    });
    numbers.set(externalId, member.id);
  }
  return numbers;
}

async function importGroups(
  client: Client,
  organizationId: number,
  groups: World['groups'],
  members: Numbers,
): Promise<Numbers> {
  const numbers = new Map<string, number>();
  for (const { externalId, name, memberIds } of groups) {
    const group = await client.memberGroup.upsert({
      where: { organizationId_externalId: { organizationId, externalId } },
      create: { organizationId, externalId, name },
      update: { name },
    });
    const memberships = memberIds.map((id) => ({
      groupId: group.id,
      memberId: numberOf(members, id, `groups ${externalId}`),
    }));
    await client.groupMembership.createMany({ data: memberships, skipDuplicates: true });
    numbers.set(externalId, group.id);
  }
  return numbers;
}

async function importDirectories(
  client: Client,
  organizationId: number,
  directories: World['directories'],
): Promise<Numbers> {
  const numbers = new Map<string, number>();
  for (const { externalId, name, kind, parentId } of directories) {
    const parent = parentId === null ? null : numberOf(numbers, parentId, `directories ${externalId}`);
    const directory = await client.directory.upsert({
      where: { organizationId_externalId: { organizationId, externalId } },
      create: { organizationId, externalId, name, kind, parentId: parent },
      update: { name, kind, parentId: parent },
    });
    numbers.set(externalId, directory.id);
  }
  return numbers;
}

/** All or nothing, in one transaction. Errors: BAD_INPUT for a reference to something that is not in the world. */
export async function importWorld(prisma: PrismaClient, organizationId: number, world: World): Promise<void> {
  await prisma.$transaction(
    async (client) => {
      const members = await importMembers(client, organizationId, world.members);
      const groups = await importGroups(client, organizationId, world.groups, members);
      const directories = await importDirectories(client, organizationId, world.directories);
      const grants = world.grants.map(({ directoryId, subject, level }) => ({
        organizationId,
        directoryId: numberOf(directories, directoryId, 'grants'),
        memberId: 'memberId' in subject ? numberOf(members, subject.memberId, 'grants') : null,
        groupId: 'groupId' in subject ? numberOf(groups, subject.groupId, 'grants') : null,
        level,
      }));
      await client.directoryGrant.createMany({ data: grants, skipDuplicates: true });
    },
    { timeout: 60_000 },
  );
}
