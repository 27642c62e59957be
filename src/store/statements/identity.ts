import type { OwnLimits } from '../../model/limits.ts';
import type { AccessLevel } from '../../model/role.ts';
import type { Database } from '../database.ts';
import { roleJson, type StoredRole } from '../role-row.ts';
import { type Versions, versionColumns } from '../versions.ts';

/** A credential as stored, with the organization’s head in the same round trip. */
export interface StoredCredential extends Versions {
  readonly tokenId: string;
  readonly tokenName: string;
  readonly organization: number;
  readonly organizationUid: string;
  readonly organizationName: string;
  readonly generation: number;
  /** Key of the role. */
  readonly role: string | null;
  /** The role itself where the organization defines it; null for a built-in one. */
  readonly ownRole: StoredRole | null;
  readonly member: {
    readonly id: number;
    readonly externalId: string;
    readonly name: string;
    readonly email: string | null;
    readonly actor: number;
    readonly active: boolean;
  } | null;
  /** Milliseconds; null never. */
  readonly expiresAt: number | null;
  /** External ids of the members through whose hands it came; null where that is not known. */
  readonly makers: readonly string[] | null;
  /** Which of the token’s secrets it was found by; the newest where it was found by its id. */
  readonly secret: number;
  readonly newestSecret: number;
  /** Until when the secret before the newest is good, in milliseconds; null where there is none. */
  readonly previousEndsAt: number | null;
  /** From where it may be used; empty is from anywhere. */
  readonly networks: readonly string[];
  /** Limits of its own, and of its organization; null where it has none. */
  readonly limits: OwnLimits | null;
  readonly organizationLimits: OwnLimits | null;
}

const credentialSql = (
  tokens: string,
  condition: string,
  secret: string,
  more = '',
) => `select t.id, t.name, o.id, o.uid, o.name, ${versionColumns}, h.generation,
  coalesce(m.role, t.role), ${roleJson}, m.id, m.external_id, m.name, m.email, m.actor_id, m.status = 'ACTIVE', t.expires_at,
  to_json(t.makers), ${secret}, t.secret_number, t.previous_ends_at, to_json(t.networks),
  t.limits::json, o.limits::json${more}
from ${tokens} join organization o on o.id = t.organization_id join log_head h on h.organization_id = o.id
left join member m on m.organization_id = t.organization_id and m.id = t.member_id
left join role r on r.organization_id = o.id and r.key = coalesce(m.role, t.role)
where ${condition} and t.revoked_at is null`;

type CredentialRow = [
  tokenId: string,
  tokenName: string,
  organization: number,
  organizationUid: string,
  organizationName: string,
  rightsVersion: number,
  treeVersion: number,
  generation: number,
  role: string | null,
  ownRole: StoredRole | null,
  memberId: number | null,
  externalId: string | null,
  memberName: string | null,
  memberEmail: string | null,
  actor: number | null,
  active: boolean | null,
  expiresAt: number | null,
  makers: string[] | null,
  secret: number,
  newestSecret: number,
  previousEndsAt: number | null,
  networks: string[],
  limits: OwnLimits | null,
  organizationLimits: OwnLimits | null,
];

/** Where a row of several says which of them it is. */
const asked = 24;

function credentialFrom(row: readonly [...CredentialRow, ...unknown[]]): StoredCredential {
  const [tokenId, tokenName, organization, organizationUid, organizationName, rightsVersion, treeVersion] = row;
  const [generation, role, ownRole, id, externalId, name, email, actor, active, ...rest] = row.slice(7) as SecondHalf;
  const [expiresAt, makers, secret, newestSecret, previousEndsAt, networks, limits, organizationLimits] = rest;
  const member =
    id === null || externalId === null || name === null || actor === null
      ? null
      : { id, externalId, name, email, actor, active: active === true };
  return {
    tokenId,
    tokenName,
    organization,
    organizationUid,
    organizationName,
    rightsVersion,
    treeVersion,
    generation,
    role,
    ownRole,
    member,
    expiresAt,
    makers,
    secret,
    newestSecret,
    previousEndsAt,
    networks,
    limits,
    organizationLimits,
  };
}

type SecondHalf = CredentialRow extends [...[string, string, number, string, string, number, number], ...infer Rest]
  ? Rest
  : never;

/** The unrevoked tokens of which these are the SHA-256, or were before they were rotated, in their order; null for each that there is none of. */
export async function findCredentials(
  database: Database,
  hashes: readonly Uint8Array[],
): Promise<(StoredCredential | null)[]> {
  const rows = await database.rows<[...CredentialRow, asked: number]>(
    credentialSql(
      `unnest($1::bytea[]) with ordinality a(hash, number)
       join api_token t on t.hash = a.hash or t.previous_hash = a.hash`,
      'true',
      'case when t.hash = a.hash then t.secret_number else t.secret_number - 1 end',
      ', a.number',
    ),
    [hashes],
  );
  const found = hashes.map((): StoredCredential | null => null);
  for (const row of rows) found[row[asked] - 1] = credentialFrom(row);
  return found;
}

/** The same by the token’s id, for streams that outlive a change of rights. */
export async function reloadCredential(
  database: Database,
  organization: number,
  tokenId: string,
): Promise<StoredCredential | null> {
  const [row] = await database.rows<CredentialRow>(
    credentialSql('api_token t', 't.organization_id = $1 and t.id = $2', 't.secret_number'),
    [organization, tokenId],
  );
  return row === undefined ? null : credentialFrom(row);
}

/** A member as stored, with the organization’s head in the same round trip. */
export interface StoredMember extends Versions {
  readonly id: number;
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
  readonly actor: number;
  readonly status: 'ACTIVE' | 'SUSPENDED' | 'REMOVED';
  /** Key of the role; null may do and see nothing. */
  readonly role: string | null;
  readonly ownRole: StoredRole | null;
  readonly generation: number;
}

/** The member with this external id; null when there is none. */
export async function findMember(
  database: Database,
  organization: number,
  externalId: string,
): Promise<StoredMember | null> {
  const [row] = await database.rows<
    [
      number,
      string,
      string,
      string | null,
      number,
      StoredMember['status'],
      string | null,
      StoredRole | null,
      number,
      number,
      number,
    ]
  >(
    `select m.id, m.external_id, m.name, m.email, m.actor_id, m.status::text, m.role, ${roleJson}, ${versionColumns}, h.generation
     from member m join log_head h on h.organization_id = m.organization_id
     left join role r on r.organization_id = m.organization_id and r.key = m.role
     where m.organization_id = $1 and m.external_id = $2`,
    [organization, externalId],
  );
  if (row === undefined) return null;
  const [id, foundId, name, email, actor, status, role, ownRole, rightsVersion, treeVersion, generation] = row;
  const versions = { rightsVersion, treeVersion, generation };
  return { id, externalId: foundId, name, email, actor, status, role, ownRole, ...versions };
}

/** The roles that the organization defines itself. */
export async function readOwnRoles(database: Database, organization: number): Promise<StoredRole[]> {
  const rows = await database.rows<[StoredRole]>(`select ${roleJson} from role r where r.organization_id = $1`, [
    organization,
  ]);
  return rows.map(([role]) => role);
}

export interface StoredDirectory {
  readonly id: number;
  readonly parent: number | null;
}

/** The directory tree of an organization. */
export async function readTree(database: Database, organization: number): Promise<StoredDirectory[]> {
  const rows = await database.rows<[number, number | null]>(
    'select d.id, d.parent_id from directory d where d.organization_id = $1',
    [organization],
  );
  return rows.map(([id, parent]) => ({ id, parent }));
}

/** A grant to the member itself (`group` null) or to one of its groups. */
export interface StoredGrant {
  readonly directory: number;
  readonly level: AccessLevel;
  readonly group: number | null;
}

/** The member’s grants, its own and those of its groups. */
export async function readGrants(database: Database, organization: number, member: number): Promise<StoredGrant[]> {
  const rows = await database.rows<[number, AccessLevel, number | null]>(
    `select g.directory_id, g.level::text, g.group_id from directory_grant g
     where g.organization_id = $1 and (g.member_id = $2
       or g.group_id in (select m.group_id from group_membership m where m.member_id = $2))`,
    [organization, member],
  );
  return rows.map(([directory, level, group]) => ({ directory, level, group }));
}

/** A level on a directory as a credential states it. */
export interface StatedGrant {
  /** External id of the directory. */
  readonly id: string;
  readonly level: AccessLevel;
  /** Null where none was met under that id. */
  readonly directory: number | null;
}

/** The grants of somebody whose groups and directories a credential states: those stored for the groups, and those stated. */
export async function readStatedGrants(
  database: Database,
  organization: number,
  groups: readonly string[],
  directories: readonly { readonly id: string; readonly level: AccessLevel }[],
): Promise<{ readonly stored: readonly StoredGrant[]; readonly stated: readonly StatedGrant[] }> {
  const rows = await database.rows<[number | null, AccessLevel, number | null, string | null]>(
    `select d.id, i.level, null::int4, i.external_id from unnest($2::text[], $3::text[]) i(external_id, level)
     left join directory d on d.organization_id = $1 and d.external_id = i.external_id
     union all
     select r.directory_id, r.level::text, r.group_id, null from directory_grant r join member_group g on g.id = r.group_id
     where r.organization_id = $1 and g.organization_id = $1 and g.external_id = any($4::text[])`,
    [organization, directories.map(({ id }) => id), directories.map(({ level }) => level), groups],
  );
  return {
    stored: rows.flatMap(([directory, level, group, id]) =>
      id === null && directory !== null ? [{ directory, level, group }] : [],
    ),
    stated: rows.flatMap(([directory, level, , id]) => (id === null ? [] : [{ id, level, directory }])),
  };
}
