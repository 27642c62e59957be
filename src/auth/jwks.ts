/**
 * Key sets at addresses. A tenant names the address and this server calls it, so only hosts that the operator allows are
 * called, and never more than a little is read or waited for.
 */
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { AnnalsError, type FaultReport } from '../errors.ts';
import { keySetLimits } from './keys.ts';

/** Times in milliseconds. */
export const jwksTimes = {
  /** For the whole answer. */
  timeout: 3000,
  /** A set that is older is fetched again before it is used. */
  maxAge: 600_000,
  /** While the address does not answer, the last set serves as long as this. */
  mostAge: 3_600_000,
  /** Between two attempts, whatever tokens ask for. */
  coolDown: 30_000,
} as const;

/** Most addresses whose sets are kept. */
const mostAddresses = 1000;

export interface FetchedKeys {
  /**
   * The keys at an address. Fetched when they are old, and when `kid` is none of theirs, but not more often than the
   * cool-down allows. The same object as long as nothing was fetched. Throws UNAVAILABLE where there are none.
   */
  of(address: string, kid: string | null): Promise<JSONWebKeySet>;
}

export interface JwksOptions {
  /** Host names, with the port where it is not the usual one. */
  readonly jwksHosts: readonly string[];
}

export interface JwksDeps {
  readonly now: () => number;
  readonly fault: FaultReport;
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** What is wrong with an address of a key set, and the cure; null for one that may be called. */
export function addressMistake(text: string, { jwksHosts }: JwksOptions): { message: string; cure: string } | null {
  const url = text.length <= 2000 && URL.canParse(text) ? new URL(text) : null;
  const https = 'Give an address such as https://auth.example.com/.well-known/jwks.json.';
  if (url === null) return { message: 'is no web address.', cure: https };
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return { message: 'must begin with https://.', cure: https };
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return { message: 'must have neither a user, a password nor a fragment.', cure: https };
  }
  if (jwksHosts.includes(url.host)) return null;
  return {
    message: `names the host ${url.host}, which this server does not call.`,
    cure: `Ask the operator to add ${url.host} to JWKS_HOSTS, or give the keys themselves.`,
  };
}

async function read(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > keySetLimits.characters) throw new Error(`more than ${keySetLimits.characters} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string): JSONWebKeySet {
  const value: unknown = JSON.parse(text);
  const keys: unknown = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'object' && key !== null && !Array.isArray(key))) {
    throw new Error('no JSON Web Key Set');
  }
  if (keys.length > keySetLimits.keys) throw new Error(`more than ${keySetLimits.keys} keys`);
  // Throws where a key is malformed beyond what is left aside later.
  createLocalJWKSet({ keys });
  return { keys };
}

async function call(address: string): Promise<JSONWebKeySet> {
  const response = await fetch(address, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    // What the operator allowed is this host, and not wherever it points to.
    redirect: 'manual',
    signal: AbortSignal.timeout(jwksTimes.timeout),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`HTTP status ${response.status}`);
  }
  return parse(await read(response));
}

interface Kept {
  set: JSONWebKeySet | null;
  fetchedAt: number;
  triedAt: number;
  pending: Promise<void> | null;
}

export function openFetchedKeys({ now, fault }: JwksDeps, options: JwksOptions): FetchedKeys {
  const addresses = new Map<string, Kept>();

  const keptOf = (address: string): Kept => {
    const nothing: Kept = { set: null, fetchedAt: 0, triedAt: Number.NEGATIVE_INFINITY, pending: null };
    const kept = addresses.get(address) ?? nothing;
    addresses.delete(address);
    addresses.set(address, kept);
    const [oldest] = addresses.keys();
    if (addresses.size > mostAddresses && oldest !== undefined) addresses.delete(oldest);
    return kept;
  };

  const renew = async (address: string, kept: Kept) => {
    kept.triedAt = now();
    const where = `keys at ${new URL(address).host}`;
    try {
      kept.set = await call(address);
      kept.fetchedAt = now();
      fault(where, null);
    } catch (error) {
      fault(where, error);
    }
  };

  return {
    async of(address, kid) {
      const mistake = addressMistake(address, options);
      if (mistake !== null) {
        throw new AnnalsError('UNAUTHENTICATED', {
          message: `The address of the issuer’s keys ${mistake.message}`,
          cure: mistake.cure,
        });
      }
      const kept = keptOf(address);
      const age = () => now() - kept.fetchedAt;
      const lacks = kept.set === null || (kid !== null && !kept.set.keys.some((key) => key.kid === kid));
      const wanted = lacks || age() > jwksTimes.maxAge;
      if (wanted && kept.pending === null && now() - kept.triedAt >= jwksTimes.coolDown) {
        kept.pending = renew(address, kept).finally(() => {
          kept.pending = null;
        });
      }
      if (wanted && kept.pending !== null) await kept.pending;
      if (kept.set !== null && age() <= jwksTimes.mostAge) return kept.set;
      throw new AnnalsError('UNAVAILABLE', {
        message: `The keys of the issuer cannot be fetched from ${new URL(address).host}.`,
        cure: 'Send the same request again later; the address must answer with a JSON Web Key Set, without a redirect.',
        retryAfterMs: Math.max(1000, kept.triedAt + jwksTimes.coolDown - now()),
      });
    },
  };
}
