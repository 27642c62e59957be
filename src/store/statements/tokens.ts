/** Tokens, as they are administered. */
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
];
const tokenSql = `select t.id, t.name, t.prefix, m.external_id, t.role, t.created_at, t.expires_at, t.revoked_at, u.last_used_at,
    host(u.last_used_from)
  from api_token t left join member m on m.organization_id = $1 and m.id = t.member_id
  left join token_use u on u.organization_id = $1 and u.token_id = t.id where t.organization_id = $1`;

function tokenFrom(row: TokenRow): TokenRecord {
  const [id, name, prefix, memberId, role, createdAt, expiresAt, revokedAt, lastUsedAt, lastUsedFrom] = row;
  return { id, name, prefix, memberId, role, createdAt, expiresAt, revokedAt, lastUsedAt, lastUsedFrom };
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
export type NewToken = Omit<TokenRecord, 'revokedAt' | 'lastUsedAt' | 'lastUsedFrom'> & {
  readonly hash: Uint8Array;
  readonly makers: readonly string[] | null;
};

/** For a member that is there, or with a role of its own. */
export async function insertToken(runner: Runner, organization: number, token: NewToken): Promise<void> {
  await runner.rows(
    `insert into api_token (id, organization_id, name, hash, prefix, member_id, role, created_at, expires_at, makers)
     values ($2, $1, $3, $4, $5, (select m.id from member m where m.organization_id = $1 and m.external_id = $6), $7,
       to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000), $10::text[])`,
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
    ],
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
