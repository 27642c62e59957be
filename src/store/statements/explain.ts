/** Who holds which rights: for the explanation of who sees what, never for the decision itself. */
import type { AccessLevel } from '../../model/role.ts';
import type { Database } from '../database.ts';

/** An active member with a role. */
export interface StoredHolder {
  readonly id: number;
  readonly externalId: string;
  readonly name: string;
  readonly role: string;
  readonly actor: number;
}

/** The organization’s active members that have a role. */
export async function readHolders(database: Database, organization: number): Promise<StoredHolder[]> {
  const rows = await database.rows<[number, string, string, string, number]>(
    `select m.id, m.external_id, m.name, m.role, m.actor_id from member m
     where m.organization_id = $1 and m.status = 'ACTIVE' and m.role is not null`,
    [organization],
  );
  return rows.map(([id, externalId, name, role, actor]) => ({ id, externalId, name, role, actor }));
}

/** A token with a role of its own. */
export interface StoredRoleToken {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Milliseconds; null never. */
  readonly expiresAt: number | null;
}

/** The organization’s unrevoked tokens that act as no member. */
export async function readRoleTokens(database: Database, organization: number): Promise<StoredRoleToken[]> {
  const rows = await database.rows<[string, string, string, number | null]>(
    `select t.id, t.name, t.role, t.expires_at from api_token t
     where t.organization_id = $1 and t.member_id is null and t.role is not null and t.revoked_at is null`,
    [organization],
  );
  return rows.map(([id, name, role, expiresAt]) => ({ id, name, role, expiresAt }));
}

export interface StoredGroup {
  readonly number: number;
  readonly externalId: string;
  readonly name: string;
}

export async function readGroups(
  database: Database,
  organization: number,
  numbers: readonly number[],
): Promise<StoredGroup[]> {
  const rows = await database.rows<[number, string, string]>(
    'select g.id, g.external_id, g.name from member_group g where g.organization_id = $1 and g.id = any($2::int4[])',
    [organization, numbers],
  );
  return rows.map(([number, externalId, name]) => ({ number, externalId, name }));
}

/** `directory` stands `depth` steps above `start`; at 0 it is `start` itself. */
export interface StoredAncestor {
  readonly start: number;
  readonly directory: number;
  readonly depth: number;
}

/** The directories with all that lies above each, from below; each directory once, also in a damaged tree. */
export async function readAncestors(
  database: Database,
  organization: number,
  directories: readonly number[],
): Promise<StoredAncestor[]> {
  const rows = await database.rows<[number, number, number]>(
    `with recursive up (start, at, parent, depth) as (
       select d.id, d.id, d.parent_id, 0 from directory d where d.organization_id = $1 and d.id = any($2::int4[])
       union all
       select up.start, d.id, d.parent_id, up.depth + 1 from up
       join directory d on d.organization_id = $1 and d.id = up.parent
     ) cycle at set again using way
     select start, at, depth from up where not again order by start, depth`,
    [organization, directories],
  );
  return rows.map(([start, directory, depth]) => ({ start, directory, depth }));
}

/** A grant as it reaches one member: its own (`group` null), or of a group it is in. */
export interface StoredMemberGrant {
  readonly member: number;
  readonly directory: number;
  readonly level: AccessLevel;
  readonly group: number | null;
}

/** All grants on the directories, once for each member that they reach. */
export async function readGrantsOn(
  database: Database,
  organization: number,
  directories: readonly number[],
): Promise<StoredMemberGrant[]> {
  const rows = await database.rows<[number, number, AccessLevel, number | null]>(
    `select coalesce(g.member_id, m.member_id), g.directory_id, g.level::text, g.group_id
     from directory_grant g left join group_membership m on m.group_id = g.group_id
     where g.organization_id = $1 and g.directory_id = any($2::int4[]) and coalesce(g.member_id, m.member_id) is not null`,
    [organization, directories],
  );
  return rows.map(([member, directory, level, group]) => ({ member, directory, level, group }));
}
