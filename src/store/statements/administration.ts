/** Organizations, roles and tokens: what is written one at a time. */
import type { HideableField, Permission, RoleRecord, VisibilityRule } from '../../model/role.ts';
import type { Runner } from '../database.ts';

/** A new organization with its log; null where the name is taken. Of two at once, the second finds it taken. */
export async function insertOrganization(
  runner: Runner,
  { uid, name, demo }: { readonly uid: string; readonly name: string; readonly demo: boolean },
): Promise<number | null> {
  const [row] = await runner.rows<[number]>(
    'insert into organization (uid, name, demo) values ($1, $2, $3) on conflict (name) do nothing returning id',
    [uid, name, demo],
  );
  if (row === undefined) return null;
  await runner.rows('insert into log_head (organization_id) values ($1)', [row[0]]);
  return row[0];
}

type RoleRow = [
  key: string,
  name: string,
  description: string,
  permissions: Permission[],
  categories: string[] | null,
  scope: VisibilityRule['scope'],
  minimumAccessLevel: VisibilityRule['minimumAccessLevel'],
  ownActivity: boolean,
  hiddenFields: HideableField[],
];

/** The roles that the organization defines itself, by key. */
export async function readRoles(runner: Runner, organization: number): Promise<RoleRecord[]> {
  const rows = await runner.rows<RoleRow>(
    `select r.key, r.name, r.description, to_jsonb(r.permissions),
       case when r.all_categories then null else to_jsonb(r.categories) end, r.scope::text, r.minimum_access_level::text,
       r.own_activity, to_jsonb(r.hidden_fields)
     from role r where r.organization_id = $1 order by r.key`,
    [organization],
  );
  return rows.map(
    ([key, name, description, permissions, categories, scope, minimumAccessLevel, ownActivity, hiddenFields]) => ({
      key,
      name,
      description,
      permissions,
      visibility: { categories, scope, minimumAccessLevel, ownActivity },
      hiddenFields,
    }),
  );
}

/** Adds or replaces. */
export async function writeRole(runner: Runner, organization: number, role: RoleRecord): Promise<void> {
  const { categories, scope, minimumAccessLevel, ownActivity } = role.visibility;
  await runner.rows(
    `insert into role (organization_id, key, name, description, permissions, categories, all_categories, scope,
       minimum_access_level, own_activity, hidden_fields)
     values ($1, $2, $3, $4, $5::text[], $6::text[], $7, $8::text::visibility_scope, $9::text::access_level, $10, $11::text[])
     on conflict (organization_id, key) do update set name = excluded.name, description = excluded.description,
       permissions = excluded.permissions, categories = excluded.categories, all_categories = excluded.all_categories,
       scope = excluded.scope, minimum_access_level = excluded.minimum_access_level,
       own_activity = excluded.own_activity, hidden_fields = excluded.hidden_fields`,
    [
      organization,
      role.key,
      role.name,
      role.description,
      role.permissions,
      categories ?? [],
      categories === null,
      scope,
      minimumAccessLevel,
      ownActivity,
      role.hiddenFields,
    ],
  );
}

export async function deleteRole(runner: Runner, organization: number, key: string): Promise<void> {
  await runner.rows('delete from role r where r.organization_id = $1 and r.key = $2', [organization, key]);
}

/** How many members and unrevoked tokens have the role, and how many issuers of tokens may give it. */
export async function countRoleUses(
  runner: Runner,
  organization: number,
  key: string,
): Promise<{ readonly members: number; readonly tokens: number; readonly issuers: number }> {
  const [row] = await runner.rows<[number, number, number]>(
    `select (select count(*)::int4 from member m where m.organization_id = $1 and m.role = $2),
       (select count(*)::int4 from api_token t where t.organization_id = $1 and t.role = $2 and t.revoked_at is null),
       (select count(*)::int4 from jwt_issuer i where i.organization_id = $1 and $2 = any(i.roles) and i.removed_at is null)`,
    [organization, key],
  );
  return { members: row?.[0] ?? 0, tokens: row?.[1] ?? 0, issuers: row?.[2] ?? 0 };
}

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
}

type TokenRow = [string, string, string, string | null, string | null, number, number | null, number | null];
const tokenSql = `select t.id, t.name, t.prefix, m.external_id, t.role, t.created_at, t.expires_at, t.revoked_at
  from api_token t left join member m on m.organization_id = $1 and m.id = t.member_id where t.organization_id = $1`;
const tokenFrom = ([id, name, prefix, memberId, role, createdAt, expiresAt, revokedAt]: TokenRow): TokenRecord => ({
  id,
  name,
  prefix,
  memberId,
  role,
  createdAt,
  expiresAt,
  revokedAt,
});

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

/** For a member that is there, or with a role of its own. */
export async function insertToken(
  runner: Runner,
  organization: number,
  token: Omit<TokenRecord, 'revokedAt'> & { readonly hash: Uint8Array; readonly makers: readonly string[] | null },
): Promise<void> {
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
