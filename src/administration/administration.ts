/** Organizations and what belongs to them: members, groups, directories, grants, tokens. */

import { AnnalsError } from '../errors.ts';
import { createToken, hashToken, tokenPrefix } from '../model/token.ts';
import { isUuid, type RandomSource, uuidV7 } from '../model/uuid.ts';
import type { Store } from '../store/store.ts';
import { checkRole, checkText, checkWorld } from './checks.ts';
import { type Client, importWorld, raiseRights, type World, writeWorld } from './world.ts';

export type { World } from './world.ts';

export interface OrganizationRef {
  readonly organization: number;
  readonly organizationUid: string;
  readonly name: string;
}

/** A token as shown once, at its creation. */
export interface CreatedToken {
  readonly id: string;
  readonly token: string;
}

export interface TokenRequest {
  readonly name: string;
  /** External id of the member that the token acts as; or a role of its own. */
  readonly actsAs: { readonly member: string } | { readonly role: string };
  /** Milliseconds; null never. */
  readonly expiresAt?: number | null;
}

export interface Owner {
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
}

export interface Administration {
  /** An organization with its log, its first owner and the owner’s token. Errors: BAD_INPUT. */
  createOrganization(options: {
    name: string;
    demo?: boolean;
    owner?: Owner;
  }): Promise<OrganizationRef & { ownerToken: string }>;
  organizations(): Promise<(OrganizationRef & { readonly demo: boolean })[]>;
  /** Errors: BAD_INPUT for an unknown member or role, and for an empty name. */
  createToken(to: OrganizationRef, request: TokenRequest): Promise<CreatedToken>;
  /** Errors: BAD_INPUT for an unknown token. Takes effect at once, on open streams too. */
  revokeToken(to: OrganizationRef, id: string): Promise<void>;
  /**
   * Adds or updates members, groups, directories and grants; removes nothing. Takes effect at once, on every server and
   * on open streams. Errors: BAD_INPUT with the path of the mistake; then nothing was written.
   */
  importWorld(to: OrganizationRef, world: World): Promise<void>;
}

export interface AdministrationDeps {
  readonly store: Pick<Store, 'prisma' | 'hints'>;
  readonly now: () => number;
  readonly random: RandomSource;
}

const organizationName = /^\S.{0,98}\S$|^\S$/u;

function checkOrganizationName(name: string): void {
  if (organizationName.test(name) && !name.includes('\0') && name.isWellFormed()) return;
  throw new AnnalsError('BAD_INPUT', {
    path: 'name',
    message: 'An organization’s name has 1 to 100 characters on one line and no space at either end.',
  });
}

const noSuchToken = () =>
  new AnnalsError('BAD_INPUT', { path: 'id', message: 'There is no such token, or it was revoked before.' });

/** Whom a token stands for, as columns of its row. */
async function subjectOf(
  client: Client,
  to: OrganizationRef,
  { actsAs }: TokenRequest,
): Promise<{ memberId: number } | { role: string }> {
  if ('role' in actsAs) {
    checkRole('role', actsAs.role);
    return { role: actsAs.role };
  }
  const { member: externalId } = actsAs;
  checkText('member', externalId, 'id');
  const member = await client.member.findUnique({
    where: { organizationId_externalId: { organizationId: to.organization, externalId } },
    select: { id: true },
  });
  if (member !== null) return { memberId: member.id };
  throw new AnnalsError('BAD_INPUT', {
    path: 'member',
    message: `There is no member ${JSON.stringify(externalId)}.`,
  });
}

export function openAdministration(deps: AdministrationDeps): Administration {
  const { prisma, hints } = deps.store;

  const newToken = async (client: Client, to: OrganizationRef, request: TokenRequest): Promise<CreatedToken> => {
    checkText('name', request.name, 'name');
    const subject = await subjectOf(client, to, request);
    const token = createToken(deps.random);
    const id = uuidV7(deps.now(), deps.random);
    await client.apiToken.create({
      data: {
        id,
        organizationId: to.organization,
        name: request.name,
        hash: new Uint8Array(hashToken(token)),
        prefix: tokenPrefix(token),
        expiresAt: typeof request.expiresAt === 'number' ? new Date(request.expiresAt) : null,
        ...subject,
      },
    });
    return { id, token };
  };

  return {
    async createOrganization({ name, demo = false, owner = { externalId: 'owner', name: 'Owner', email: null } }) {
      checkOrganizationName(name);
      const world: World = { members: [{ ...owner, role: 'OWNER' }], groups: [], directories: [], grants: [] };
      checkWorld(world);
      const uid = uuidV7(deps.now(), deps.random);
      return prisma.$transaction(async (client) => {
        // Of two that create the same name at once, the second finds it taken.
        const [made] = await client.organization.createManyAndReturn({
          data: [{ uid, name, demo }],
          skipDuplicates: true,
          select: { id: true },
        });
        if (made === undefined) {
          throw new AnnalsError('BAD_INPUT', {
            path: 'name',
            message: `There is an organization ${JSON.stringify(name)} already.`,
            cure: 'Choose another name.',
          });
        }
        await client.logHead.create({ data: { organizationId: made.id } });
        const ref = { organization: made.id, organizationUid: uid, name };
        await writeWorld(client, made.id, world);
        const request = { name: 'first owner', actsAs: { member: owner.externalId } };
        return { ...ref, ownerToken: (await newToken(client, ref, request)).token };
      });
    },

    async organizations() {
      const all = await prisma.organization.findMany({ orderBy: { id: 'asc' } });
      return all.map(({ id, uid, name, demo }) => ({ organization: id, organizationUid: uid, name, demo }));
    },

    createToken: (to, request) => newToken(prisma, to, request),

    async revokeToken(to, id) {
      if (!isUuid(id)) throw noSuchToken();
      await prisma.$transaction(async (client) => {
        const { count } = await client.apiToken.updateMany({
          where: { id, organizationId: to.organization, revokedAt: null },
          data: { revokedAt: new Date(deps.now()) },
        });
        if (count === 0) throw noSuchToken();
        await raiseRights(client, to.organization);
      });
      hints.send();
    },

    async importWorld(to, world) {
      await importWorld(prisma, to.organization, world);
      hints.send();
    },
  };
}
