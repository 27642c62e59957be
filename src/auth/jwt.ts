/** A JSON Web Token to a principal: signature, claims, and what is stored about them, judged anew with every request. */
import { createHash, hash } from 'node:crypto';
import { AnnalsError, type FaultReport } from '../errors.ts';
import { ClaimMistake, clockToleranceMs, type JwtClaims, readClaims } from '../model/jwt.ts';
import { resolveRole } from '../model/role.ts';
import type { Store, StoredJwtCredential } from '../store/store.ts';
import type { Principal, RefusedCredential } from './auth.ts';
import { type JwksOptions, openFetchedKeys } from './jwks.ts';
import { type KeyRing, openKeyRings, type TokenHeader } from './keys.ts';

export interface JwtAuth {
  /** Throws UNAUTHENTICATED; UNAVAILABLE where the issuer’s keys cannot be fetched. One statement. */
  authenticate(token: string): Promise<Principal>;
}

export interface JwtDeps {
  readonly store: Pick<Store, 'findJwtCredential' | 'registerActors'>;
  readonly now: () => number;
  readonly fault: FaultReport;
  /** Told of what a key of the issuer did sign, and is refused all the same. */
  readonly onRefused: (error: AnnalsError, who: RefusedCredential) => void;
}

/** Three parts; the last is empty where nothing is signed. */
const form = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;

export const isJwt = (text: string): boolean => form.test(text);

const refusal = (message: string, cure?: string): AnnalsError =>
  new AnnalsError('UNAUTHENTICATED', { message, cure: cure ?? 'Mint a new token; docs/jwt.md describes them.' });

const mistaken = ({ claim, right }: ClaimMistake) =>
  refusal(`The claims of the token are not valid: ${claim} ${right}.`, 'Mint it as docs/jwt.md describes.');

function partOf(text: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64url')));
  } catch {
    return null;
  }
}

const sound = (text: unknown): text is string => typeof text === 'string' && text.length > 0 && text.length <= 200;

/** Read before the signature is checked: nothing is believed of it but which of the issuer’s keys to try. */
function headerOf(token: string): TokenHeader {
  const [, part = ''] = form.exec(token) ?? [];
  const header = partOf(part);
  if (typeof header !== 'object' || header === null || !('alg' in header) || !sound(header.alg)) {
    throw refusal('The header of the token is no JSON object with an `alg`.');
  }
  const { alg, kid, typ, crit } = header as Readonly<Record<string, unknown>> & { readonly alg: string };
  if (alg.toLowerCase() === 'none') throw refusal('The token is not signed: its `alg` is none.');
  if (crit !== undefined) throw refusal('The header of the token has `crit`, and no extension is known here.');
  if (kid !== undefined && !sound(kid)) throw refusal('The `kid` of the token is no text of 1 to 200 characters.');
  if (typ !== undefined && !(typeof typ === 'string' && /^(application\/)?(at\+)?jwt$/i.test(typ))) {
    throw refusal('The `typ` of the token says that it is something else than a JWT.');
  }
  return { alg, kid: sound(kid) ? kid : null };
}

function claimsOf(token: string): JwtClaims {
  const claims = readClaims(partOf(form.exec(token)?.[2] ?? ''));
  if (claims instanceof ClaimMistake) throw mistaken(claims);
  return claims;
}

function checkTimes({ expiresAt, issuedAt, notBefore }: JwtClaims, lifetimeSeconds: number, now: number): void {
  if (expiresAt <= now) throw refusal('The token has expired.', 'Mint a new token.');
  const early = 'Wait, or set the issuer’s clock; 5 seconds are tolerated.';
  if (notBefore !== null && notBefore > now + clockToleranceMs)
    throw refusal('The token is not valid yet (nbf).', early);
  if (issuedAt > now + clockToleranceMs) throw refusal('The token was issued in the future (iat).', early);
  if (expiresAt - issuedAt > lifetimeSeconds * 1000) {
    throw refusal(
      `The token lives for ${Math.ceil((expiresAt - issuedAt) / 1000)} seconds; this issuer may give ${lifetimeSeconds} at most.`,
      'Set exp closer to iat, or let an administrator change the issuer.',
    );
  }
}

/** The key of the role that it acts with; throws where the issuer may not give it, or the member may not act. */
function roleOf({ issuer, member }: StoredJwtCredential, { stated }: JwtClaims): string {
  if (member !== null && member.status !== 'ACTIVE') {
    throw refusal(
      'The member this token stands for is suspended or removed.',
      'Reactivate the member, or add it again.',
    );
  }
  if (stated === null && !issuer.storedMembers) {
    throw refusal(
      'This issuer may not name stored members, and the token states no role.',
      'State annals.role; or let an administrator set storedMembers of the issuer.',
    );
  }
  if (stated === null && member === null) {
    throw refusal(
      'The token states no role, and its sub is no stored member.',
      'State annals.role, or add the member with upsertMembers.',
    );
  }
  const key = stated?.role ?? member?.role ?? null;
  if (key === null) throw refusal('The member this token stands for has no role.', 'Give the member a role.');
  if (!issuer.roles.includes(key)) {
    throw refusal(
      `This issuer may not give the role ${JSON.stringify(key)}.`,
      `Its tokens may act as ${issuer.roles.join(', ')}; an administrator can change the issuer.`,
    );
  }
  return key;
}

/** The same for all tokens that give the same person the same rights, and for no others. */
function identityOf(issuer: string, { subject, stated }: JwtClaims): string {
  const rights =
    stated === null
      ? [subject]
      : [
          subject,
          stated.role,
          stated.groups.toSorted(),
          stated.directories
            .map(({ id, level }) => [id, level])
            .toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)),
        ];
  const digest = createHash('sha256').update(JSON.stringify(rights)).digest('base64url').slice(0, 22);
  return `jwt:${issuer}:${digest}`;
}

function principalFrom(stored: StoredJwtCredential, claims: JwtClaims, actor: number, text: () => string): Principal {
  const { issuer, member, organization, organizationUid, organizationName, generation } = stored;
  const { stated, subject } = claims;
  const key = roleOf(stored, claims);
  const role = resolveRole(key, stored.ownRole);
  if (role === undefined) throw refusal(`There is no role ${JSON.stringify(key)} any more.`);
  return {
    organization,
    organizationUid,
    organizationName,
    generation,
    rightsVersion: stored.rightsVersion,
    treeVersion: stored.treeVersion,
    kind: 'MEMBER',
    tokenId: identityOf(issuer.id, claims),
    name: stated?.name ?? member?.name ?? subject,
    member: {
      // What is stored about the member is not looked at where the token states its rights.
      id: stated === null ? (member?.id ?? null) : null,
      externalId: subject,
      email: stated?.email ?? member?.email ?? null,
      actor,
    },
    role,
    expiresAt: claims.expiresAt,
    // Whoever holds the issuer’s keys can mint one for anybody.
    makers: null,
    secret: null,
    from: null,
    limits: { token: null, organization: stored.organizationLimits },
    jwt: { issuer: { id: issuer.id, name: issuer.name }, id: claims.id, stated, text },
  };
}

/** A signature that was found good: by which keys, and what it signed. */
interface Verified {
  readonly header: TokenHeader;
  readonly claims: JwtClaims;
  readonly issuer: string;
  readonly ring: KeyRing;
}

/** Signatures are remembered by a hash of the token, until it expires; at most those of so many characters of tokens. */
const mostCharacters = 8_388_608;

function openVerified(now: () => number) {
  const known = new Map<string, Verified & { readonly characters: number }>();
  let characters = 0;
  const drop = (key: string) => {
    characters -= known.get(key)?.characters ?? 0;
    known.delete(key);
  };
  return {
    find(key: string): Verified | undefined {
      const found = known.get(key);
      if (found !== undefined && found.claims.expiresAt > now()) return found;
      drop(key);
      return undefined;
    },
    keep(key: string, token: string, verified: Verified): void {
      drop(key);
      known.set(key, { ...verified, characters: token.length });
      characters += token.length;
      for (const oldest of known.keys()) {
        if (characters <= mostCharacters) return;
        drop(oldest);
      }
    },
  };
}

export function openJwtAuth(deps: JwtDeps, options: JwksOptions): JwtAuth {
  const { store, now } = deps;
  const rings = openKeyRings(openFetchedKeys(deps, options));
  const verified = openVerified(now);

  /** Whose keys are tried follows from the organization and the issuer that the claims name: no others’. */
  const verify = async (
    token: string,
    key: string,
    known: Verified | undefined,
    stored: StoredJwtCredential,
    claims: JwtClaims,
  ) => {
    const { issuer } = stored;
    const header = known?.header ?? headerOf(token);
    if (!issuer.algorithms.includes(header.alg)) {
      throw refusal(`The token is signed with another algorithm than ${issuer.algorithms.join(' or ')}.`);
    }
    const ring = await rings.of(issuer, header.kid);
    if (ring === null) throw refusal('The issuer of this token was removed.');
    if (known !== undefined && known.issuer === issuer.id && known.ring === ring) return;
    await ring.verify(token, header);
    verified.keep(key, token, { header, claims, issuer: issuer.id, ring });
  };

  const judge = (stored: StoredJwtCredential, claims: JwtClaims): void => {
    const { issuer } = stored;
    if (issuer.removedAt !== null) throw refusal('The issuer of this token was removed.');
    if (!claims.audience.includes(issuer.audience)) {
      throw refusal(`The token is meant for somebody else: its aud is not ${JSON.stringify(issuer.audience)}.`);
    }
    checkTimes(claims, issuer.lifetimeSeconds, now());
    roleOf(stored, claims);
  };

  /** A person whom nothing has named yet registers as entries register people. */
  const actorOf = async ({ organization, actor }: StoredJwtCredential, { subject }: JwtClaims): Promise<number> => {
    if (actor !== null) return actor;
    const person = { type: 'MEMBER' as const, externalId: subject, name: null, email: null };
    const [number] = await store.registerActors(organization, [person]);
    if (number === undefined) throw new TypeError('the database gave no number for a person');
    return number;
  };

  return {
    async authenticate(token) {
      const key = hash('sha256', token, 'base64url');
      const known = verified.find(key);
      if (known === undefined) headerOf(token);
      const claims = known?.claims ?? claimsOf(token);
      const { organization, issuer, subject, stated } = claims;
      const stored = await store.findJwtCredential({ organization, issuer, subject, role: stated?.role ?? null });
      if (stored === null) {
        const cure = 'Check iss and annals.organization; `jwtIssuers` lists the issuers of an organization.';
        throw refusal('No issuer of this name mints tokens for this organization.', cure);
      }
      await verify(token, key, known, stored, claims);
      try {
        judge(stored, claims);
        return principalFrom(stored, claims, await actorOf(stored, claims), () => token);
      } catch (error) {
        if (error instanceof AnnalsError && error.code === 'UNAUTHENTICATED') {
          const { organization: number, organizationUid, issuer: by } = stored;
          deps.onRefused(error, {
            organization: number,
            organizationUid,
            issuer: { id: by.id, name: by.name },
            subject,
          });
        }
        throw error;
      }
    },
  };
}
