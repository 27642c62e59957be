import { type AccessLevel, accessLevels } from '../model/role.ts';
import type { PrismaClient } from '../store/store.ts';
import { checkWorld } from './checks.ts';

/**
 * An organization’s people and places, by the product’s own ids. Every reference is to something in the same world, and
 * parents come before their children.
 */
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

/** The client inside a transaction. */
export type Client = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;
type Numbers = ReadonlyMap<string, number>;

/** `checkWorld` has found every reference. */
function numberOf(numbers: Numbers, id: string): number {
  const number = numbers.get(id);
  if (number === undefined) throw new TypeError(`${id} is not in the world`);
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
      memberId: numberOf(members, id),
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
    const parent = parentId === null ? null : numberOf(numbers, parentId);
    const directory = await client.directory.upsert({
      where: { organizationId_externalId: { organizationId, externalId } },
      create: { organizationId, externalId, name, kind, parentId: parent },
      update: { name, kind, parentId: parent },
    });
    numbers.set(externalId, directory.id);
  }
  return numbers;
}

interface WorldNumbers {
  readonly members: Numbers;
  readonly groups: Numbers;
  readonly directories: Numbers;
}

async function importGrants(
  client: Client,
  organizationId: number,
  world: World,
  numbers: WorldNumbers,
): Promise<void> {
  const wanted = world.grants.map(({ directoryId, subject, level }) => ({
    organizationId,
    directoryId: numberOf(numbers.directories, directoryId),
    memberId: 'memberId' in subject ? numberOf(numbers.members, subject.memberId) : null,
    groupId: 'groupId' in subject ? numberOf(numbers.groups, subject.groupId) : null,
    level,
  }));
  await client.directoryGrant.createMany({ data: wanted, skipDuplicates: true });
  // Grants that stood before keep their row; their level is that of the world.
  for (const level of accessLevels) {
    const same = wanted
      .filter((grant) => grant.level === level)
      .map(({ directoryId, memberId, groupId }) => ({ directoryId, memberId, groupId }));
    if (same.length > 0) {
      await client.directoryGrant.updateMany({
        where: { organizationId, level: { not: level }, OR: same },
        data: { level },
      });
    }
  }
}

/**
 * Writes a world that `checkWorld` has passed, and raises the rights version, inside a transaction: rights and their
 * version become visible together. Worlds of one organization are written one after another.
 */
export async function writeWorld(client: Client, organizationId: number, world: World): Promise<void> {
  await client.$executeRaw`select from organization where id = ${organizationId} for no key update`;
  const members = await importMembers(client, organizationId, world.members);
  const groups = await importGroups(client, organizationId, world.groups, members);
  const directories = await importDirectories(client, organizationId, world.directories);
  await importGrants(client, organizationId, world, { members, groups, directories });
  await raiseRights(client, organizationId);
}

/** Last in a transaction: the head’s lock holds back everything that is recorded meanwhile. */
export async function raiseRights(client: Client, organizationId: number): Promise<void> {
  await client.logHead.update({ where: { organizationId }, data: { rightsVersion: { increment: 1 } } });
}

/** All or nothing. Errors: BAD_INPUT, before anything is written. */
export async function importWorld(prisma: PrismaClient, organizationId: number, world: World): Promise<void> {
  checkWorld(world);
  await prisma.$transaction((client) => writeWorld(client, organizationId, world), { timeout: 60_000 });
}
