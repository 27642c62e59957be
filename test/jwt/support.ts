/** Issuers of JSON Web Tokens with keys of their own, and what they mint: well formed unless told otherwise. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { JwtIssuerInput, ShownJwtIssuer } from '../../src/administration/administration.ts';
import type { App } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';

export interface Keys {
  readonly algorithm: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** As a set names it. */
  readonly publicKey: JWK;
}

export async function newKeys(kid: string, algorithm = 'ES256'): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, kid, privateKey, publicKey: { ...(await exportJWK(publicKey)), kid } };
}

export const setOf = (...keys: readonly Keys[]) => ({ keys: keys.map(({ publicKey }) => publicKey) });

/** Times in seconds from the clock’s; a claim that is undefined is left out. */
export interface Minting {
  readonly issuer?: string;
  readonly audience?: unknown;
  readonly subject?: unknown;
  readonly lifetime?: number;
  readonly age?: number;
  /** The namespaced claim beside the organization. */
  readonly annals?: Readonly<Record<string, unknown>>;
  /** Set over everything else; undefined removes. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey | Uint8Array;
}

export interface Mint {
  readonly issuer: string;
  readonly organizationUid: string;
  readonly keys: Keys;
  readonly now: () => number;
}

export const stated = { role: 'MEMBER' } as const;

export function payloadOf(mint: Omit<Mint, 'keys'>, how: Minting): Record<string, unknown> {
  const issuedAt = mint.now() / 1000 - (how.age ?? 0);
  const payload = {
    iss: how.issuer ?? mint.issuer,
    aud: how.audience ?? 'annals',
    sub: how.subject ?? 'mia',
    iat: issuedAt,
    exp: issuedAt + (how.lifetime ?? 600),
    annals: { organization: mint.organizationUid, ...(how.annals ?? stated) },
    ...how.claims,
  };
  // As JSON would.
  return JSON.parse(JSON.stringify(payload));
}

export async function mint(by: Mint, how: Minting = {}): Promise<string> {
  const header = { alg: by.keys.algorithm, kid: by.keys.kid, ...how.header };
  return new SignJWT(payloadOf(by, how))
    .setProtectedHeader(JSON.parse(JSON.stringify(header)))
    .sign(how.key ?? by.keys.privateKey, { ...(how.header?.crit === undefined ? {} : { crit: { made: true } }) });
}

export interface Minter {
  readonly issuer: ShownJwtIssuer;
  readonly by: Mint;
  readonly mint: (how?: Minting) => Promise<string>;
}

let issuers = 0;

/** An issuer that may give MEMBER and name stored members, unless told otherwise. */
export async function newMinter(
  app: App,
  owner: Principal,
  now: () => number,
  input: Partial<JwtIssuerInput> & { readonly keyPair?: Keys } = {},
): Promise<Minter> {
  const { keyPair, ...rest } = input;
  const keys = keyPair ?? (await newKeys('one'));
  const name = `https://issuer-${++issuers}.example`;
  const issuer = await app.services.administration.upsertJwtIssuer(owner, {
    name: 'Product',
    issuer: name,
    audience: 'annals',
    algorithms: [keys.algorithm],
    ...(rest.secrets === undefined && rest.address === undefined ? { keys: setOf(keys) } : {}),
    roles: ['MEMBER'],
    storedMembers: true,
    ...rest,
  });
  const by: Mint = { issuer: issuer.issuer, organizationUid: owner.organizationUid, keys, now };
  return { issuer, by, mint: (how) => mint(by, how) };
}
