/** Credential to principal. */
import { AnnalsError, type FaultReport } from '../errors.ts';
import type { StatedRights } from '../model/jwt.ts';
import type { OwnLimits } from '../model/limits.ts';
import { type Permission, type Role, resolveRole } from '../model/role.ts';
import { hashToken, isToken } from '../model/token.ts';
import type { Store, StoredCredential } from '../store/store.ts';
import { addressMistake, type JwksOptions } from './jwks.ts';
import { isJwt, openJwtAuth } from './jwt.ts';
import { openNetworkCheck } from './networks.ts';
import { openTogether } from './together.ts';

export { checkKeySet, type KeySetMistake } from './keys.ts';
export { openTokenUses, type TokenUses } from './uses.ts';

/** What a JSON Web Token says of itself. */
export interface JwtCredential {
  readonly issuer: { readonly id: string; readonly name: string };
  /** `jti`. */
  readonly id: string | null;
  /** Null where the rights of the stored member count. */
  readonly stated: StatedRights | null;
  /** The token itself, to be judged again: a function, so that nothing writes it by accident. */
  readonly text: () => string;
}

/** Whom a token is of that was signed as it should, and refused. */
export interface RefusedCredential {
  readonly organization: number;
  readonly organizationUid: string;
  readonly issuer: { readonly id: string; readonly name: string };
  /** External id of the person it stands for. */
  readonly subject: string;
}

/** The authenticated caller, as of one version of the rights and of the tree. */
export interface Principal {
  readonly organization: number;
  readonly organizationUid: string;
  readonly organizationName: string;
  readonly generation: number;
  readonly rightsVersion: number;
  readonly treeVersion: number;
  /** MEMBER: a token that acts as a member, or as a person whom a JWT states. TOKEN: a token with a role of its own. */
  readonly kind: 'MEMBER' | 'TOKEN';
  /** The same only for what has the same rights: all that is remembered of a principal is remembered by it. */
  readonly tokenId: string;
  /** The member’s name, or the token’s. */
  readonly name: string;
  readonly member: {
    /** Whose stored grants and groups count; null where the credential states them. */
    readonly id: number | null;
    readonly externalId: string;
    /** As the organization’s members are kept, not as entries state it. */
    readonly email: string | null;
    readonly actor: number;
  } | null;
  readonly role: Role;
  /** Milliseconds; null never. */
  readonly expiresAt: number | null;
  /** Null for a token of Annals’ own. */
  readonly jwt: JwtCredential | null;
  /**
   * External ids of the members through whose hands the credential came: each of them may know it. Null where that is not
   * known.
   */
  readonly makers: readonly string[] | null;
  /** Which of the token’s secrets it came with, counted from 1; they are one token all the same. Null for a JWT. */
  readonly secret: number | null;
  /** Where it came from, to be asked again; null for what comes over no network, and is asked nothing. */
  readonly from: Origin | null;
  /** Limits of its own and of its organization; null where the server’s settings count. */
  readonly limits: { readonly token: OwnLimits | null; readonly organization: OwnLimits | null };
}

/** The other end of a request. */
export interface Origin {
  /** Null where it is not known; then a token that is bound to networks is refused. */
  readonly ip: string | null;
}

export interface Auth {
  /**
   * The principal of a token, Annals’ own or a JWT. One statement, which callers at the same time share; nothing about
   * rights is cached, so what is revoked is refused at once. Throws UNAUTHENTICATED; ADDRESS_NOT_ALLOWED for a token that
   * may not be used from there; UNAVAILABLE where the keys of a JWT’s issuer cannot be fetched.
   */
  authenticate(token: string, from?: Origin | null): Promise<Principal>;
  /**
   * The same principal under today’s rights; throws UNAUTHENTICATED when its token or member is no longer valid,
   * ADDRESS_NOT_ALLOWED when it may no longer be used from where it came.
   */
  refresh(principal: Principal): Promise<Principal>;
  /** Whom the JWT was of that this error of `authenticate` refused; null where nobody known signed it. */
  refused(error: AnnalsError): RefusedCredential | null;
  /** What is wrong with an address of a key set, and the cure; null for one that may be called. */
  addressMistake(address: string): { readonly message: string; readonly cure: string } | null;
  /**
   * Who a token stood for, under today’s rights, also after it has expired; null where it was revoked, or its member may
   * not act any more.
   */
  recall(organization: number, tokenId: string): Promise<Principal | null>;
}

export interface AuthDeps {
  readonly store: Pick<Store, 'findCredentials' | 'reloadCredential' | 'findJwtCredential' | 'registerActors'>;
  readonly now: () => number;
  readonly fault: FaultReport;
}

/** How a credential came. */
interface Presented {
  readonly from?: Origin | null;
  readonly secret?: number | null;
  readonly alsoExpired?: boolean;
}

/** Until when a secret is good: the one before the newest to the end of the overlap. Throws UNAUTHENTICATED for an older one. */
function endOf({ newestSecret, expiresAt, previousEndsAt }: StoredCredential, secret: number): number | null {
  if (secret === newestSecret) return expiresAt;
  if (secret === newestSecret - 1 && previousEndsAt !== null) {
    return expiresAt === null ? previousEndsAt : Math.min(expiresAt, previousEndsAt);
  }
  throw new AnnalsError('UNAUTHENTICATED', {
    message: 'The token was rotated, and this secret of it has ended.',
    cure: 'Use the newest secret.',
  });
}

export function openAuth(deps: AuthDeps, options: JwksOptions): Auth {
  const refused = new WeakMap<AnnalsError, RefusedCredential>();
  const jwt = openJwtAuth({ ...deps, onRefused: (error, who) => void refused.set(error, who) }, options);

  const find = openTogether((hashes) => deps.store.findCredentials(hashes.map((hash) => Buffer.from(hash, 'hex'))), {
    atOnce: 2,
    most: 100,
  });

  const checkFrom = openNetworkCheck();
  const principalOf = (
    stored: StoredCredential | null,
    { from = null, secret: by = null, alsoExpired = false }: Presented,
  ): Principal => {
    if (stored === null) throw new AnnalsError('UNAUTHENTICATED', { message: 'The token is unknown or revoked.' });
    // First: from elsewhere it is not said what else is wrong with it.
    if (from !== null) checkFrom(stored.networks, from);
    const secret = by ?? stored.secret;
    const expiresAt = endOf(stored, secret);
    if (!alsoExpired && expiresAt !== null && expiresAt <= deps.now()) {
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
      treeVersion: stored.treeVersion,
      kind: stored.member === null ? 'TOKEN' : 'MEMBER',
      tokenId: stored.tokenId,
      name: stored.member?.name ?? stored.tokenName,
      member: stored.member,
      role,
      expiresAt,
      jwt: null,
      makers: stored.makers,
      secret,
      from,
      limits: { token: stored.limits, organization: stored.organizationLimits },
    };
  };

  return {
    async authenticate(token, from = null) {
      if (isJwt(token)) return jwt.authenticate(token);
      if (!isToken(token)) {
        throw new AnnalsError('UNAUTHENTICATED', { message: 'This is neither a token of Annals nor a JWT.' });
      }
      return principalOf(await find(hashToken(token).toString('hex')), { from });
    },
    async refresh(principal) {
      if (principal.jwt !== null) return jwt.authenticate(principal.jwt.text());
      return principalOf(await deps.store.reloadCredential(principal.organization, principal.tokenId), principal);
    },
    refused: (error) => refused.get(error) ?? null,
    addressMistake: (address) => addressMistake(address, options),
    async recall(organization, tokenId) {
      const stored = await deps.store.reloadCredential(organization, tokenId);
      try {
        return principalOf(stored, { alsoExpired: true });
      } catch (error) {
        if (error instanceof AnnalsError && error.code === 'UNAUTHENTICATED') return null;
        throw error;
      }
    },
  };
}

/** Throws FORBIDDEN, naming the permission, unless the principal’s role has it. */
export function requirePermission(principal: Principal, permission: Permission): void {
  if (principal.role.permissions.has(permission)) return;
  throw new AnnalsError('FORBIDDEN', { message: `The role ${principal.role.key} lacks the permission ${permission}.` });
}
