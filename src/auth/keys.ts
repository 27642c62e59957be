/** Whether somebody’s key signed a token. Algorithms are those that the issuer names, never what a token asks for alone. */
import {
  compactVerify,
  createLocalJWKSet,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type LocalJWKSet,
} from 'jose';
import { AnnalsError } from '../errors.ts';
import { isPublicAlgorithm, isSecretAlgorithm, jwtLimits } from '../model/jwt.ts';
import type { JwtIssuerRecord } from '../store/store.ts';
import type { FetchedKeys } from './jwks.ts';

/** Most keys of a set, and characters of its JSON text. */
export const keySetLimits = { keys: 20, characters: 65_536 } as const;

/** What may stand in a public key; anything else is left out, and a private part is refused. */
const publicMembers = ['kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

export type KeySetMistake = { readonly message: string; readonly cure?: string };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const leastRsaBits = 2048;

/** Whether it is a public key for one of the algorithms: for its own `alg`, where it states one. */
async function usable(key: JWK, algorithms: readonly string[]): Promise<boolean> {
  for (const algorithm of algorithms) {
    if (key.alg !== undefined && key.alg !== algorithm) continue;
    const imported = await importJWK(key, algorithm).catch(() => null);
    if (imported === null || imported instanceof Uint8Array || imported.type !== 'public') continue;
    const bits: unknown = Reflect.get(imported.algorithm, 'modulusLength');
    if (typeof bits !== 'number' || bits >= leastRsaBits) return true;
  }
  return false;
}

/**
 * The set with nothing in it but public keys that fit one of the algorithms each, as JSON text; or what is wrong with it.
 * Never repeats what it was given: somebody may have pasted a private key.
 */
export async function checkKeySet(given: unknown, algorithms: readonly string[]): Promise<string | KeySetMistake> {
  const list: unknown = isObject(given) ? given.keys : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > keySetLimits.keys) {
    return { message: `must be a JSON Web Key Set, {"keys": [...]}, of 1 to ${keySetLimits.keys} keys.` };
  }
  const keys: JWK[] = [];
  for (const [index, key] of list.entries()) {
    const where = `keys[${index}]`;
    if (!isObject(key)) return { message: `${where} is no JSON Web Key.` };
    if (privateMembers.some((member) => key[member] !== undefined)) {
      return {
        message: `${where} has a private part, or is a secret.`,
        cure: 'Give the public key alone; consider this one known to others, and make a new pair.',
      };
    }
    const kept = Object.fromEntries(
      publicMembers.filter((member) => typeof key[member] === 'string').map((member) => [member, key[member]]),
    ) as unknown as JWK;
    if (!(await usable(kept, algorithms))) {
      return {
        message: `${where} is no public key for any of ${algorithms.join(', ')}.`,
        cure: 'An RSA key has at least 2,048 bits; ES256, ES384 and ES512 go with the curves P-256, P-384 and P-521, EdDSA with Ed25519.',
      };
    }
    if (kept.kid !== undefined && (kept.kid.length === 0 || kept.kid.length > jwtLimits.id)) {
      return { message: `${where} has a kid of ${kept.kid.length} characters; it must have 1 to ${jwtLimits.id}.` };
    }
    if (kept.kid !== undefined && keys.some((other) => other.kid === kept.kid)) {
      return { message: `${where} has the same kid as another; each needs one of its own.` };
    }
    if (kept.kid === undefined && list.length > 1) {
      return { message: `${where} has no kid; where there are several keys, each needs one.` };
    }
    keys.push(kept);
  }
  const text = JSON.stringify({ keys });
  return text.length <= keySetLimits.characters
    ? text
    : { message: `has more than ${keySetLimits.characters} characters.` };
}

/** What a token says of how it was signed. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | null;
}

/** A set of keys at one time: what was verified by it holds as long as it is the same object. */
export interface KeyRing {
  /** Throws UNAUTHENTICATED when none of the keys signed it. */
  verify(token: string, header: TokenHeader): Promise<void>;
}

const unsigned = (message: string, cure?: string) =>
  new AnnalsError('UNAUTHENTICATED', { message, cure: cure ?? 'Sign with a key of the issuer, and name it by `kid`.' });

const badSignature = () => unsigned('No key of the issuer signed this token.');

/** Tries one key after another: where a token names none, several may fit. */
async function signedByOne(
  token: string,
  keys: AsyncIterable<CryptoKey | Uint8Array>,
  algorithms: string[],
): Promise<void> {
  for await (const key of keys) {
    const verified = await compactVerify(token, key, { algorithms }).then(
      () => true,
      () => false,
    );
    if (verified) return;
  }
  throw badSignature();
}

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

/** The key that the set has for the token; all that fit, where the token names none. */
async function* candidates(set: LocalJWKSet, header: TokenHeader): AsyncGenerator<CryptoKey> {
  try {
    yield await set({ alg: header.alg, ...(header.kid === null ? {} : { kid: header.kid }) });
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) yield* error;
    else if (!(error instanceof errors.JOSEError)) throw error;
    else if (header.kid !== null) {
      throw unsigned('The issuer has no key with the `kid` of this token for its algorithm.');
    }
  }
}

/** Public keys; a token that asks for an algorithm of secrets finds none here, whatever the issuer names. */
function publicRing(keys: JSONWebKeySet, named: readonly string[]): KeyRing {
  const algorithms = named.filter(isPublicAlgorithm);
  const set = createLocalJWKSet(keys);
  return { verify: (token, header) => signedByOne(token, candidates(set, header), algorithms) };
}

/** Secrets have no ids: each is tried. */
function secretRing(secrets: readonly Uint8Array[], named: readonly string[]): KeyRing {
  const algorithms = named.filter(isSecretAlgorithm);
  return { verify: (token) => signedByOne(token, each(secrets), algorithms) };
}

/** Most issuers whose keys are kept ready. */
const mostRings = 1000;

export interface KeyRings {
  /** The keys of an issuer as they are now; null for a removed one without any. Throws UNAVAILABLE where they cannot be fetched. */
  of(issuer: JwtIssuerRecord, kid: string | null): Promise<KeyRing | null>;
}

/** Made once for each version of an issuer; from an address, once for each set that was fetched. */
export function openKeyRings(fetched: FetchedKeys): KeyRings {
  const kept = new Map<string, { readonly version: number; readonly from: unknown; readonly ring: KeyRing }>();

  const make = (issuer: JwtIssuerRecord, from: JSONWebKeySet | null): KeyRing | null => {
    if (issuer.secrets !== null) return secretRing(issuer.secrets, issuer.algorithms);
    const keys = from ?? (issuer.keys === null ? null : (JSON.parse(issuer.keys) as JSONWebKeySet));
    return keys === null ? null : publicRing(keys, issuer.algorithms);
  };

  return {
    async of(issuer, kid) {
      // What was removed is not asked for its keys any more.
      const fetch = issuer.address !== null && issuer.removedAt === null;
      const from = fetch ? await fetched.of(issuer.address, kid) : null;
      const known = kept.get(issuer.id);
      kept.delete(issuer.id);
      const fits = known !== undefined && known.version === issuer.version && known.from === from;
      const ring = fits ? known.ring : make(issuer, from);
      if (ring === null) return null;
      kept.set(issuer.id, fits ? known : { version: issuer.version, from, ring });
      const [oldest] = kept.keys();
      if (kept.size > mostRings && oldest !== undefined) kept.delete(oldest);
      return ring;
    },
  };
}
