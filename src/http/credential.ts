/** From a request to its principal and language. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Client } from '../access/access.ts';
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import { jwtLimits } from '../model/jwt.ts';
import type { Permission } from '../model/role.ts';
import type { HttpOptions } from './options.ts';
import type { Peer } from './peer.ts';

/** The token of `Authorization: Bearer <token>`; null without the header. Throws UNAUTHENTICATED for another form. */
export function bearerToken(authorization: unknown): string | null {
  if (authorization === undefined || authorization === null) return null;
  const match =
    typeof authorization === 'string' && authorization.length <= jwtLimits.token + 20
      ? /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)
      : null;
  if (match?.[1] === undefined || match[1].length > jwtLimits.token) {
    throw new AnnalsError('UNAUTHENTICATED', {
      message: `The credential does not have the form \`Bearer <token>\`, with at most ${jwtLimits.token} characters.`,
    });
  }
  return match[1];
}

/** Who sends lists: entries to record, or all members and grants of an organization. */
const largeBodies: readonly Permission[] = ['RECORD', 'MANAGE_MEMBERS'];

/** Bytes that this caller may send at once. */
export function bodyLimit(
  principal: Principal | null,
  options: Pick<HttpOptions, 'bodyBytes' | 'recordBodyBytes'>,
): number {
  return largeBodies.some((one) => principal?.role.permissions.has(one)) ? options.recordBodyBytes : options.bodyBytes;
}

export function bodyTooLarge(principal: Principal | null, limit: number): AnnalsError {
  const message = `The request body is larger than ${limit} bytes.`;
  return new AnnalsError(
    'BODY_TOO_LARGE',
    principal === null
      ? { message, cure: 'Send a credential that may record or manage members; such callers have the larger limit.' }
      : { message },
  );
}

/** The language the reader prefers, as a BCP 47 tag; English when none is stated. */
export function localeOf(headers: IncomingHttpHeaders): string {
  let best = { tag: 'en', quality: 0 };
  for (const part of (headers['accept-language'] ?? '').slice(0, 500).split(',')) {
    const match = /^\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/.exec(part);
    const quality = Number(match?.[2] ?? 1);
    if (match?.[1] !== undefined && quality > best.quality) best = { tag: match[1], quality };
  }
  return best.tag;
}

/** Longest user agent that is recorded. */
const userAgentCharacters = 500;

/** Where a request comes from. */
export function clientOf({ ip }: Pick<Peer, 'ip'>, headers: IncomingHttpHeaders): Client {
  return { ip, userAgent: headers['user-agent']?.slice(0, userAgentCharacters) ?? null };
}
