import type { Principal } from '../auth/auth.ts';
import { resolveRole } from '../model/role.ts';
import type { Store, StoredMember } from '../store/store.ts';

export interface FoundMember {
  readonly stored: StoredMember;
  /** As which it would be authenticated now; null while it is not active, or has no role. */
  readonly principal: Principal | null;
}

/** No id has these characters, and PostgreSQL would refuse the whole statement for them. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** A member of the principal’s organization, as of today’s rights; null when there is none. */
export async function memberPrincipal(
  store: Pick<Store, 'findMember'>,
  { organization, organizationUid, organizationName }: Principal,
  externalId: string,
): Promise<FoundMember | null> {
  const stored = isStorable(externalId) ? await store.findMember(organization, externalId) : null;
  if (stored === null) return null;
  const role = resolveRole(stored.role, stored.ownRole);
  if (stored.status !== 'ACTIVE' || role === undefined) return { stored, principal: null };
  const { id, name, email, actor, rightsVersion, treeVersion, generation } = stored;
  return {
    stored,
    principal: {
      organization,
      organizationUid,
      organizationName,
      generation,
      rightsVersion,
      treeVersion,
      kind: 'MEMBER',
      // No token’s id looks like this one; what is remembered by token stays apart.
      tokenId: `member:${id}`,
      name,
      member: { id, externalId: stored.externalId, email, actor },
      role,
      expiresAt: null,
      jwt: null,
      makers: null,
      secret: null,
      from: null,
      limits: { token: null, organization: null },
    },
  };
}
