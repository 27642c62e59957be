/** Organizations and what belongs to them: members, groups, directories, grants, tokens. */

import { AnnalsError } from '../errors.ts';
import { builtInRoles } from '../model/role.ts';
import { createToken, hashToken, tokenPrefix } from '../model/token.ts';
import { type RandomSource, uuidV7 } from '../model/uuid.ts';
import type { Store } from '../store/store.ts';
import { importWorld, type World } from './world.ts';

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
  /** Errors: BAD_INPUT for an unknown member or role. */
  createToken(to: OrganizationRef, request: TokenRequest): Promise<CreatedToken>;
  /** Errors: BAD_INPUT for an unknown token. Takes effect at once, on open streams too. */
  revokeToken(to: OrganizationRef, id: string): Promise<void>;
  /** Adds or updates members, groups, directories and grants; removes nothing. */
  importWorld(to: OrganizationRef, world: World): Promise<void>;
}

export interface AdministrationDeps {
  readonly store: Pick<Store, 'prisma' | 'bumpRights'>;
  readonly now: () => number;
  readonly random: RandomSource;
}

const organizationName = /^\S.{0,98}\S$|^\S$/;

export function openAdministration(deps: AdministrationDeps): Administration {
  const { prisma } = deps.store;

  const subjectOf = async (
    to: OrganizationRef,
    { actsAs }: TokenRequest,
  ): Promise<{ memberId: number } | { role: string }> => {
    if ('role' in actsAs) {
      if (builtInRoles.some((role) => role.key === actsAs.role)) return { role: actsAs.role };
      throw new AnnalsError('BAD_INPUT', {
        path: 'role',
        message: `There is no role ${JSON.stringify(actsAs.role)}.`,
        cure: `Use one of ${builtInRoles.map((role) => role.key).join(', ')}.`,
      });
    }
    const key = { organizationId: to.organization, externalId: actsAs.member };
    const member = await prisma.member.findUnique({ where: { organizationId_externalId: key }, select: { id: true } });
    if (member !== null) return { memberId: member.id };
    throw new AnnalsError('BAD_INPUT', {
      path: 'member',
      message: `There is no member ${JSON.stringify(actsAs.member)}.`,
    });
  };

  const newToken = async (to: OrganizationRef, request: TokenRequest): Promise<CreatedToken> => {
    const token = createToken(deps.random);
    const id = uuidV7(deps.now(), deps.random);
    await prisma.apiToken.create({
      data: {
        id,
        organizationId: to.organization,
        name: request.name,
        hash: new Uint8Array(hashToken(token)),
        prefix: tokenPrefix(token),
        expiresAt: typeof request.expiresAt === 'number' ? new Date(request.expiresAt) : null,
        ...(await subjectOf(to, request)),
      },
    });
    return { id, token };
  };

  return {
    async createOrganization({ name, demo = false, owner = { externalId: 'owner', name: 'Owner', email: null } }) {
      if (!organizationName.test(name)) {
        throw new AnnalsError('BAD_INPUT', {
          path: 'name',
          message: 'An organization’s name has 1 to 100 characters and no space at either end.',
        });
      }
      if ((await prisma.organization.findUnique({ where: { name } })) !== null) {
        throw new AnnalsError('BAD_INPUT', {
          path: 'name',
          message: `There is an organization ${JSON.stringify(name)} already.`,
          cure: 'Choose another name.',
        });
      }
      const uid = uuidV7(deps.now(), deps.random);
      const { id } = await prisma.organization.create({ data: { uid, name, demo, head: { create: {} } } });
      const ref = { organization: id, organizationUid: uid, name };

      await importWorld(prisma, id, {
        members: [{ ...owner, role: 'OWNER' }],
        groups: [],
        directories: [],
        grants: [],
      });
      const { token } = await newToken(ref, { name: 'first owner', actsAs: { member: owner.externalId } });
      return { ...ref, ownerToken: token };
    },

    async organizations() {
      const all = await prisma.organization.findMany({ orderBy: { id: 'asc' } });
      return all.map(({ id, uid, name, demo }) => ({ organization: id, organizationUid: uid, name, demo }));
    },

    createToken: newToken,

    async revokeToken(to, id) {
      const { count } = await prisma.apiToken.updateMany({
        where: { id, organizationId: to.organization, revokedAt: null },
        data: { revokedAt: new Date(deps.now()) },
      });
      if (count === 0)
        throw new AnnalsError('BAD_INPUT', {
          path: 'id',
          message: 'There is no such token, or it was revoked before.',
        });
      await deps.store.bumpRights(to.organization);
    },

    async importWorld(to, world) {
      await importWorld(prisma, to.organization, world);
      await deps.store.bumpRights(to.organization);
    },
  };
}
