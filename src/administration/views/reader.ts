/** Whose views are whose, and who may use them. */
import type { Principal } from '../../auth/auth.ts';
import type { AdministrationStatements, ViewOwner, ViewReader, ViewRecord } from '../../store/store.ts';
import { rolesOf } from '../change.ts';
import { isWithin } from '../escalation.ts';

/**
 * Whoever’s rights a JWT states is another person than the stored member of the same id, as everywhere in administration: its
 * issuer could name anybody. Null for a program.
 */
export function ownerOf({ member, jwt }: Principal): ViewOwner | null {
  if (member === null) return null;
  return { id: member.externalId, issuer: jwt?.stated ? jwt.issuer.id : null };
}

export function isMine({ owner }: Pick<ViewRecord, 'owner'>, principal: Principal): boolean {
  const me = ownerOf(principal);
  return me !== null && me.id === owner.id && me.issuer === owner.issuer;
}

/**
 * The person, with the roles whose views it may use: its own, and for who manages roles, those within its own. A role can thus
 * be shared with by exactly those who also see what is shared with it.
 */
export async function readerOf(
  statements: Pick<AdministrationStatements, 'readRoles'>,
  principal: Principal,
): Promise<ViewReader> {
  const { role, organization } = principal;
  const managed = role.permissions.has('MANAGE_ROLES')
    ? [...(await rolesOf(statements, organization)).values()].filter((one) => isWithin(one, role))
    : [];
  return { owner: ownerOf(principal), roles: [...new Set([role.key, ...managed.map(({ key }) => key)])] };
}
