/** Organizations and roles: what is written one at a time. */
import type { OwnLimits } from '../../model/limits.ts';
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

/** Limits of its own; null for none. */
export async function readOrganizationLimits(runner: Runner, organization: number): Promise<OwnLimits | null> {
  const [row] = await runner.rows<[OwnLimits | null]>('select o.limits::json from organization o where o.id = $1', [
    organization,
  ]);
  return row?.[0] ?? null;
}

/** Null for none. */
export async function writeOrganizationLimits(
  runner: Runner,
  organization: number,
  limits: OwnLimits | null,
): Promise<void> {
  await runner.rows('update organization o set limits = $2::jsonb where o.id = $1', [
    organization,
    limits === null ? null : JSON.stringify(limits),
  ]);
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
