/** Tokens, as they are administered. */
import type { OwnLimits } from '../../model/limits.ts';
import type { Runner } from '../database.ts';

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  /** First characters. */
  readonly prefix: string;
  /** External id of the member that it acts as; else it has a role of its own. */
  readonly memberId: string | null;
  readonly role: string | null;
  /** Milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** Behind by up to a minute; null where it was not used yet. */
  readonly lastUsedAt: number | null;
  /** The address that it was used from then; null where that was not known. */
  readonly lastUsedFrom: string | null;
  /** When it was given its newest secret; null where it has its first. */
  readonly rotatedAt: number | null;
  /** Of the secret before that: its first characters, and when it ends or ended. */
  readonly previousPrefix: string | null;
  readonly previousEndsAt: number | null;
  /** From where it may be used; empty is from anywhere. */
  readonly networks: readonly string[];
  /** Limits of its own; null where it has none. */
  readonly limits: OwnLimits | null;
}

type TokenRow = [
  id: string,
  name: string,
  prefix: string,
  memberId: string | null,
  role: string | null,
  createdAt: number,
  expiresAt: number | null,
  revokedAt: number | null,
  lastUsedAt: number | null,
  lastUsedFrom: string | null,
  rotatedAt: number | null,
  previousPrefix: string | null,
  previousEndsAt: number | null,
  networks: string[],
  limits: OwnLimits | null,
];
const tokenSql = `select t.id, t.name, t.prefix, m.external_id, t.role, t.created_at, t.expires_at, t.revoked_at, u.last_used_at,
    host(u.last_used_from), t.rotated_at, t.previous_prefix, t.previous_ends_at,
    to_json(t.networks), t.limits::json
  from api_token t left join member m on m.organization_id = $1 and m.id = t.member_id
  left join token_use u on u.organization_id = $1 and u.token_id = t.id where t.organization_id = $1`;

function tokenFrom(row: TokenRow): TokenRecord {
  const [id, name, prefix, memberId, role, createdAt, expiresAt, revokedAt, ...rest] = row;
  const [lastUsedAt, lastUsedFrom, rotatedAt, previousPrefix, previousEndsAt, networks, limits] = rest;
  const times = { createdAt, expiresAt, revokedAt, lastUsedAt, rotatedAt, previousEndsAt };
  return { id, name, prefix, memberId, role, lastUsedFrom, previousPrefix, networks, limits, ...times };
}

/** Tokens in the order they were made, after one of them. */
export async function pageTokens(
  runner: Runner,
  organization: number,
  page: { readonly after: string | null; readonly limit: number; readonly revoked: boolean },
): Promise<TokenRecord[]> {
  const rows = await runner.rows<TokenRow>(
    `${tokenSql} and ($2::uuid is null or t.id > $2::uuid) and ($3 or t.revoked_at is null) order by t.id limit $4`,
    [organization, page.after, page.revoked, page.limit],
  );
  return rows.map(tokenFrom);
}

export async function findToken(runner: Runner, organization: number, id: string): Promise<TokenRecord | null> {
  const [row] = await runner.rows<TokenRow>(`${tokenSql} and t.id = $2`, [organization, id]);
  return row === undefined ? null : tokenFrom(row);
}

/** A token to store: what it starts with. */
export type NewToken = Pick<TokenRecord, 'id' | 'name' | 'prefix' | 'memberId' | 'role' | 'createdAt' | 'expiresAt'> & {
  readonly hash: Uint8Array;
  readonly makers: readonly string[] | null;
  /** Left out by what waited since before there were any. */
  readonly networks?: readonly string[];
  readonly limits?: OwnLimits | null;
};

/** For a member that is there, or with a role of its own. */
export async function insertToken(runner: Runner, organization: number, token: NewToken): Promise<void> {
  await runner.rows(
    `insert into api_token (id, organization_id, name, hash, prefix, member_id, role, created_at, expires_at, makers,
       networks, limits)
     values ($2, $1, $3, $4, $5, (select m.id from member m where m.organization_id = $1 and m.external_id = $6), $7,
       to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000), $10::text[], $11::text[], $12::jsonb)`,
    [
      organization,
      token.id,
      token.name,
      token.hash,
      token.prefix,
      token.memberId,
      token.role,
      token.createdAt,
      token.expiresAt,
      token.makers,
      token.networks ?? [],
      token.limits ? JSON.stringify(token.limits) : null,
    ],
  );
}

export async function changeToken(
  runner: Runner,
  organization: number,
  { id, name, networks, limits }: Pick<TokenRecord, 'id' | 'name' | 'networks' | 'limits'>,
): Promise<void> {
  await runner.rows(
    `update api_token t set name = $3, networks = $4::text[], limits = $5::jsonb
     where t.organization_id = $1 and t.id = $2`,
    [organization, id, name, networks, limits === null ? null : JSON.stringify(limits)],
  );
}

/** A new secret for a token. Times in milliseconds. */
export interface TokenRotation {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly prefix: string;
  /** Who gave it to it: added to those who may know the token. Null where that is not known, and then it is not any more. */
  readonly makers: readonly string[] | null;
  readonly at: number;
  /** Until when the secret of before is good. */
  readonly previousEndsAt: number;
}

/** The newest secret becomes the one before, and the one before that is gone. */
export async function rotateToken(runner: Runner, organization: number, rotation: TokenRotation): Promise<void> {
  const { id, hash, prefix, makers, at, previousEndsAt } = rotation;
  await runner.rows(
    `update api_token t set previous_hash = t.hash, previous_prefix = t.prefix, hash = $3, prefix = $4,
       secret_number = t.secret_number + 1, rotated_at = to_timestamp($5::float8 / 1000),
       previous_ends_at = to_timestamp($6::float8 / 1000),
       makers = case when t.makers is null or $7::text[] is null then null
         else array(select distinct m from unnest(t.makers || $7::text[]) m order by m) end
     where t.organization_id = $1 and t.id = $2 and t.revoked_at is null`,
    [organization, id, hash, prefix, at, previousEndsAt, makers],
  );
}

/** False where it was revoked before, or is not there. */
export async function revokeToken(runner: Runner, organization: number, id: string, now: number): Promise<boolean> {
  const rows = await runner.rows(
    `update api_token t set revoked_at = to_timestamp($3::float8 / 1000)
     where t.organization_id = $1 and t.id = $2 and t.revoked_at is null returning 1`,
    [organization, id, now],
  );
  return rows.length > 0;
}
