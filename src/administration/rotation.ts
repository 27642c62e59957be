/** A new secret for a token that stays the same; the one before is good for a while. */
import type { Principal } from '../auth/auth.ts';
import { formatTime } from '../model/time.ts';
import { createToken, hashToken, tokenPrefix } from '../model/token.ts';
import type { AdministrationStatements, TokenRecord } from '../store/store.ts';
import type { AdministrationChange } from './changes.ts';
import { badInput } from './checks.ts';
import { personsBehind } from './guards/persons.ts';
import type { Prepared, Step } from './step.ts';
import { actsAsOf, type CreatedToken, checkTokenId, subjectOf, type TokenDeps } from './tokens.ts';

/** Longest time for which the secret of before stays good. */
const mostOverlapSeconds = 30 * 86_400;

export interface RotationRequest {
  readonly id: string;
  /** For so long the secret of before stays good; 0 ends it at once. */
  readonly overlapSeconds: number;
  /** Where an earlier rotation is under way: ends the older secret at once, instead of BAD_INPUT. */
  readonly endOlder: boolean;
}

/** One that waits, as data: the secret is known to whoever asked for it alone. */
export interface StoredRotationRequest extends RotationRequest {
  /** The secret that is replaced; another one by then refuses it. */
  readonly replaces: string;
  readonly prefix: string;
  /** SHA-256, base64. */
  readonly hash: string;
  readonly makers: readonly string[] | null;
}

/** Both ends of a rotation are known by their first characters. */
const rotatedEntry = (token: TokenRecord, prefix: string, previousEndsAt: number): AdministrationChange => ({
  action: 'annals.token_rotated',
  targets: [{ type: 'token', id: token.id, name: token.name }],
  changes: [
    { field: 'prefix', before: token.prefix, after: prefix },
    { field: 'previousEndsAt', before: null, after: formatTime(previousEndsAt) },
  ],
});

async function rotatable(
  statements: AdministrationStatements,
  organization: number,
  { id, overlapSeconds, endOlder }: RotationRequest,
  now: number,
): Promise<TokenRecord | null> {
  checkTokenId(id);
  if (!(Number.isInteger(overlapSeconds) && overlapSeconds >= 0 && overlapSeconds <= mostOverlapSeconds)) {
    throw badInput('overlapSeconds', `must be a whole number from 0 to ${mostOverlapSeconds}.`);
  }
  const token = await statements.findToken(organization, id);
  if (token === null) return null;
  const over = 'Make a new token instead.';
  if (token.revokedAt !== null) throw badInput('id', 'the token was revoked.', over);
  if (token.expiresAt !== null && token.expiresAt <= now) throw badInput('id', 'the token has expired.', over);
  const { previousPrefix, previousEndsAt } = token;
  if (!endOlder && previousEndsAt !== null && previousEndsAt > now) {
    const until = `its secret ${previousPrefix}… is good until ${formatTime(previousEndsAt)}`;
    const cure = 'Wait until then, or say endOlder: true, which ends that secret at once.';
    throw badInput('id', `the token is being rotated: ${until}.`, cure);
  }
  return token;
}

/** When the secret of before is over: with the overlap, and never after the token itself. */
const endOfPrevious = ({ expiresAt }: TokenRecord, now: number, overlapSeconds: number): number =>
  Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + overlapSeconds * 1000);

const rotation = (
  statements: AdministrationStatements,
  organization: number,
  { token, stored, now }: { token: TokenRecord; stored: StoredRotationRequest; now: number },
): Prepared => {
  const { hash, prefix, makers, overlapSeconds } = stored;
  const previousEndsAt = endOfPrevious(token, now, overlapSeconds);
  return {
    changes: () => [rotatedEntry(token, prefix, previousEndsAt)],
    async write() {
      const bytes = new Uint8Array(Buffer.from(hash, 'base64'));
      await statements.rotateToken(organization, {
        id: token.id,
        hash: bytes,
        prefix,
        makers,
        at: now,
        previousEndsAt,
      });
      // Open streams of the secret of before learn when it ends.
      await statements.raiseRights(organization);
    },
  };
};

/** The token as it is when it is done. */
const rotated = (token: TokenRecord, prefix: string, now: number, overlapSeconds: number): TokenRecord => ({
  ...token,
  prefix,
  rotatedAt: now,
  previousPrefix: token.prefix,
  previousEndsAt: endOfPrevious(token, now, overlapSeconds),
});

export interface RotatedToken extends CreatedToken {
  readonly before: TokenRecord;
  readonly record: TokenRecord;
}

/**
 * Whoever rotates a token knows it: it takes as much as making one that acts so. `by` null is the operator.
 * The result is null where there is no such token. Errors: BAD_INPUT, ESCALATION.
 */
export async function rotationStep(
  statements: AdministrationStatements,
  organization: number,
  request: RotationRequest,
  { by, now: clock, random }: TokenDeps & { readonly by: Principal | null },
): Promise<Step<RotatedToken | null>> {
  const now = clock();
  const token = await rotatable(statements, organization, request, now);
  if (token === null) return { changes: () => [], write: async () => {}, result: null };
  const { ofOwner } = await subjectOf(statements, organization, { actsAs: actsAsOf(token) }, by);
  const secret = createToken(random);
  const prefix = tokenPrefix(secret);
  const stored: StoredRotationRequest = {
    ...request,
    replaces: token.prefix,
    prefix,
    hash: hashToken(secret).toString('base64'),
    makers: by === null ? [] : personsBehind(by),
  };
  const record = rotated(token, prefix, now, request.overlapSeconds);
  return {
    ...rotation(statements, organization, { token, stored, now }),
    guarded: ofOwner ? { kind: 'rotation', operations: ['CHANGE_OWNERS'], request: stored } : null,
    result: { id: token.id, token: secret, before: token, record },
  };
}

/** The same for one that had to wait; the overlap begins when it is done. Errors: those of `rotationStep`. */
export async function storedRotationStep(
  statements: AdministrationStatements,
  organization: number,
  stored: StoredRotationRequest,
  { by, now }: { readonly by: Principal; readonly now: number },
): Promise<Prepared> {
  const token = await rotatable(statements, organization, stored, now);
  if (token?.prefix !== stored.replaces) throw badInput('id', 'the token was rotated meanwhile.', 'Rotate it again.');
  await subjectOf(statements, organization, { actsAs: actsAsOf(token) }, by);
  return rotation(statements, organization, { token, stored, now });
}
