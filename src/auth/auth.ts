/** Credential to principal. */
import { AnnalsError } from '../errors.ts';
import { type Permission, type Role, resolveRole } from '../model/role.ts';
import { hashToken, isToken } from '../model/token.ts';
import type { Store, StoredCredential } from '../store/store.ts';

/** The authenticated caller, as of one rights version. */
export interface Principal {
  readonly organization: number;
  readonly organizationUid: string;
  readonly organizationName: string;
  readonly generation: number;
  readonly rightsVersion: number;
  /** MEMBER: a token that acts as a member. TOKEN: a token with a role of its own. */
  readonly kind: 'MEMBER' | 'TOKEN';
  readonly tokenId: string;
  /** The member’s name, or the token’s. */
  readonly name: string;
  readonly member: {
    readonly id: number;
    readonly externalId: string;
    /** As the organization’s members are kept, not as entries state it. */
    readonly email: string | null;
    readonly actor: number;
  } | null;
  readonly role: Role;
  /** Milliseconds; null never. */
  readonly expiresAt: number | null;
}

export interface Auth {
  /** The principal of a token. One statement; nothing is cached, so a revoked token is refused at once. Throws UNAUTHENTICATED. */
  authenticate(token: string): Promise<Principal>;
  /** The same principal under today’s rights; throws UNAUTHENTICATED when its token or member is no longer valid. */
  refresh(principal: Principal): Promise<Principal>;
}

export interface AuthDeps {
  readonly store: Pick<Store, 'findCredential' | 'reloadCredential'>;
  readonly now: () => number;
}

export function openAuth(deps: AuthDeps): Auth {
  const principalOf = (stored: StoredCredential | null): Principal => {
    if (stored === null) throw new AnnalsError('UNAUTHENTICATED', { message: 'The token is unknown or revoked.' });
    if (stored.expiresAt !== null && stored.expiresAt <= deps.now()) {
      throw new AnnalsError('UNAUTHENTICATED', { message: 'The token has expired.', cure: 'Use a new token.' });
    }
    if (stored.member?.active === false) {
      throw new AnnalsError('UNAUTHENTICATED', { message: 'The member this token acts as is suspended or removed.' });
    }
    const role = resolveRole(stored.role, stored.ownRole);
    if (role === undefined) {
      throw new AnnalsError('UNAUTHENTICATED', { message: 'The credential has no role in this organization.' });
    }
    return {
      organization: stored.organization,
      organizationUid: stored.organizationUid,
      organizationName: stored.organizationName,
      generation: stored.generation,
      rightsVersion: stored.rightsVersion,
      kind: stored.member === null ? 'TOKEN' : 'MEMBER',
      tokenId: stored.tokenId,
      name: stored.member?.name ?? stored.tokenName,
      member: stored.member,
      role,
      expiresAt: stored.expiresAt,
    };
  };

  return {
    async authenticate(token) {
      if (!isToken(token)) {
        throw new AnnalsError('UNAUTHENTICATED', { message: 'This is not an Annals token.' });
      }
      return principalOf(await deps.store.findCredential(hashToken(token)));
    },
    async refresh(principal) {
      return principalOf(await deps.store.reloadCredential(principal.organization, principal.tokenId));
    },
  };
}

/** Throws FORBIDDEN, naming the permission, unless the principal’s role has it. */
export function requirePermission(principal: Principal, permission: Permission): void {
  if (principal.role.permissions.has(permission)) return;
  throw new AnnalsError('FORBIDDEN', { message: `The role ${principal.role.key} lacks the permission ${permission}.` });
}
