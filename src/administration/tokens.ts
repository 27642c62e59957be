/** API tokens: made once, shown once, revoked at once. */
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { OwnLimits } from '../model/limits.ts';
import { createToken, hashToken, tokenPrefix } from '../model/token.ts';
import { isUuid, type RandomSource, uuidV7 } from '../model/uuid.ts';
import type { AdministrationStatements, TokenRecord } from '../store/store.ts';
import { limitsOf, networksOf } from './bounds.ts';
import { rolesOf, unknownRole } from './change.ts';
import type { AdministrationChange } from './changes.ts';
import { badInput, checkText } from './checks.ts';
import { checkWithin } from './escalation.ts';
import { personsBehind } from './guards/persons.ts';
import type { Prepared, Step } from './step.ts';

/** Whom it acts as: a member by external id, with the member’s role; or itself, with a role of its own. */
export interface TokenRequest {
  readonly name: string;
  readonly actsAs: { readonly member: string } | { readonly role: string };
  /** Milliseconds; null never. */
  readonly expiresAt?: number | null;
  /** Addresses and networks in CIDR notation; none, or left out, is anywhere. */
  readonly allowedNetworks?: readonly string[];
  /** Of its own; what is left out goes by the server’s settings. */
  readonly limits?: OwnLimits;
}

/** A token as shown once, at its creation. */
export interface CreatedToken {
  readonly id: string;
  readonly token: string;
}

export interface TokenDeps {
  readonly now: () => number;
  readonly random: RandomSource;
}

const unknownMember = (id: string) => badInput('member', `there is no member ${JSON.stringify(id)}.`);

/** Whoever’s rights a credential states is another than the stored member of its name: the stored rights may be more. */
const isSelf = (by: Principal, member: string): boolean =>
  by.member?.externalId === member && (by.jwt?.stated ?? null) === null;

/** Another member’s token shows what that member sees: only who sees all may make one. */
function checkActsAs(by: Principal, member: string): void {
  if (isSelf(by, member) || by.role.visibility.scope === 'ALL') return;
  throw new AnnalsError('ESCALATION', {
    message: 'Your role does not see the whole log, so it cannot make tokens that act as other members.',
  });
}

export interface TokenSubject extends Pick<TokenRecord, 'memberId' | 'role'> {
  /** Whether it makes somebody an owner: other than an owner who makes a token for itself. */
  readonly ofOwner: boolean;
}

/** Checks that `by` may hold a token that acts so. Errors: BAD_INPUT, ESCALATION. */
export async function subjectOf(
  statements: AdministrationStatements,
  organization: number,
  { actsAs }: Pick<TokenRequest, 'actsAs'>,
  by: Principal | null,
): Promise<TokenSubject> {
  const roles = await rolesOf(statements, organization);
  if ('role' in actsAs) {
    const role = roles.get(actsAs.role);
    if (role === undefined) throw unknownRole('role', actsAs.role, roles);
    if (by !== null) checkWithin(role, by.role, 'You cannot make a token with this role');
    return { memberId: null, role: actsAs.role, ofOwner: role.key === 'OWNER' };
  }
  checkText('member', actsAs.member, 'id');
  const [member] = await statements.readMembers(organization, [actsAs.member]);
  if (member === undefined || member.status === 'REMOVED') throw unknownMember(actsAs.member);
  if (by !== null) {
    checkActsAs(by, actsAs.member);
    const role = member.role === null ? undefined : roles.get(member.role);
    if (role !== undefined) checkWithin(role, by.role, 'You cannot make a token that acts as this member');
  }
  // Of a credential of unknown makers anybody may have made one that says it is this member.
  const forItself = by !== null && by.makers !== null && isSelf(by, actsAs.member);
  return { memberId: actsAs.member, role: null, ofOwner: member.role === 'OWNER' && !forItself };
}

/** A token that is made and not valid yet, as data: its secret is known to whoever asked for it alone. */
export interface StoredTokenRequest {
  readonly record: TokenRecord;
  /** SHA-256, base64. */
  readonly hash: string;
  readonly makers: readonly string[] | null;
}

const createdEntry = ({ id, name, memberId, role }: TokenRecord): AdministrationChange => ({
  action: 'annals.token_created',
  targets: [
    { type: 'token', id, name },
    ...(memberId === null ? [] : [{ type: 'member', id: memberId }]),
    ...(role === null ? [] : [{ type: 'role', id: role }]),
  ],
});

const creation = (
  statements: AdministrationStatements,
  organization: number,
  { record, hash, makers }: StoredTokenRequest,
): Prepared => ({
  changes: () => [createdEntry(record)],
  // A new token changes nobody’s rights.
  write: () =>
    statements.insertToken(organization, { ...record, hash: new Uint8Array(Buffer.from(hash, 'base64')), makers }),
});

/** Errors: BAD_INPUT for an unknown member or role and for an empty name; ESCALATION. `by` null is the operator. */
export async function tokenStep(
  statements: AdministrationStatements,
  organization: number,
  request: TokenRequest,
  { by, now, random }: TokenDeps & { readonly by: Principal | null },
): Promise<Step<CreatedToken & { readonly record: TokenRecord }>> {
  checkText('name', request.name, 'name');
  const networks = networksOf(request.allowedNetworks ?? []).map(({ text: network }) => network);
  const { memberId, role, ofOwner } = await subjectOf(statements, organization, request, by);
  const token = createToken(random);
  const created = now();
  const record: TokenRecord = {
    id: uuidV7(created, random),
    name: request.name,
    prefix: tokenPrefix(token),
    memberId,
    role,
    createdAt: created,
    expiresAt: request.expiresAt ?? null,
    revokedAt: null,
    lastUsedAt: null,
    lastUsedFrom: null,
    rotatedAt: null,
    previousPrefix: null,
    previousEndsAt: null,
    networks,
    limits: limitsOf(request.limits ?? {}),
  };
  const makers = by === null ? [] : personsBehind(by);
  const stored = { record, hash: hashToken(token).toString('base64'), makers };
  return {
    ...creation(statements, organization, stored),
    guarded: ofOwner ? { kind: 'token', operations: ['CHANGE_OWNERS'], request: stored } : null,
    result: { id: record.id, token, record },
  };
}

/** What the token was made to act as. */
export const actsAsOf = ({ memberId, role }: Pick<TokenRecord, 'memberId' | 'role'>): TokenRequest['actsAs'] =>
  memberId === null ? { role: role ?? '' } : { member: memberId };

/** The same for one that had to wait. Errors: those of `tokenStep`. */
export async function storedTokenStep(
  statements: AdministrationStatements,
  organization: number,
  stored: StoredTokenRequest,
  by: Principal,
): Promise<Prepared> {
  await subjectOf(statements, organization, { actsAs: actsAsOf(stored.record) }, by);
  return creation(statements, organization, stored);
}

/** Errors: BAD_INPUT for what can be no token’s id. */
export function checkTokenId(id: string): void {
  if (!isUuid(id)) throw badInput('id', 'is no id of a token.', 'Use an id that `tokens` lists.');
}

/** Revoking again, or what is not there, changes nothing. Errors: BAD_INPUT for what can be no token’s id. */
export async function tokenRevocation(
  statements: AdministrationStatements,
  organization: number,
  id: string,
  now: number,
): Promise<Step<boolean>> {
  checkTokenId(id);
  const token = await statements.findToken(organization, id);
  const valid = token !== null && token.revokedAt === null;
  return {
    changes: () =>
      valid ? [{ action: 'annals.token_revoked', targets: [{ type: 'token', id, name: token.name }] }] : [],
    result: valid,
    async write() {
      await statements.revokeToken(organization, id, now);
      await statements.raiseRights(organization);
    },
  };
}
