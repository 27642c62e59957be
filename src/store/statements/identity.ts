import type { AccessLevel } from '../../model/role.ts';
import type { Database } from '../database.ts';

/** A credential as stored, with the organization’s head in the same round trip. */
export interface StoredCredential {
  readonly tokenId: string;
  readonly tokenName: string;
  readonly organization: number;
  readonly organizationUid: string;
  readonly organizationName: string;
  readonly rightsVersion: number;
  readonly generation: number;
  readonly role: string | null;
  readonly member: {
    readonly id: number;
    readonly externalId: string;
    readonly name: string;
    readonly actor: number;
    readonly active: boolean;
  } | null;
  /** Milliseconds; null never. */
  readonly expiresAt: number | null;
}

const credentialColumns = `t.id, t.name, o.id, o.uid, o.name, h.rights_version, h.generation, coalesce(m.role, t.role),
  m.id, m.external_id, m.name, m.actor_id, m.status = 'ACTIVE', t.expires_at`;

const credentialSql = (condition: string) => `select ${credentialColumns}
from api_token t join organization o on o.id = t.organization_id join log_head h on h.organization_id = o.id
left join member m on m.id = t.member_id
where ${condition} and t.revoked_at is null`;

type CredentialRow = [
  string,
  string,
  number,
  string,
  string,
  number,
  number,
  string | null,
  number | null,
  string | null,
  string | null,
  number | null,
  boolean | null,
  number | null,
];

function credentialFrom(row: CredentialRow): StoredCredential {
  const [
    tokenId,
    tokenName,
    organization,
    organizationUid,
    organizationName,
    rightsVersion,
    generation,
    role,
    ...rest
  ] = row;
  const [id, externalId, name, actor, active, expiresAt] = rest;
  const member =
    id === null || externalId === null || name === null || actor === null
      ? null
      : { id, externalId, name, actor, active: active === true };
  return {
    tokenId,
    tokenName,
    organization,
    organizationUid,
    organizationName,
    rightsVersion,
    generation,
    role,
    member,
    expiresAt,
  };
}

/** The unrevoked token with this SHA-256; null when there is none. */
export async function findCredential(database: Database, hash: Uint8Array): Promise<StoredCredential | null> {
  const [row] = await database.rows<CredentialRow>(credentialSql('t.hash = $1'), [hash]);
  return row === undefined ? null : credentialFrom(row);
}

/** The same by the token’s id, for streams that outlive a change of rights. */
export async function reloadCredential(
  database: Database,
  organization: number,
  tokenId: string,
): Promise<StoredCredential | null> {
  const [row] = await database.rows<CredentialRow>(credentialSql('t.organization_id = $1 and t.id = $2'), [
    organization,
    tokenId,
  ]);
  return row === undefined ? null : credentialFrom(row);
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

/** The member’s grants, its own and those of its groups. */
export async function readGrants(
  database: Database,
  organization: number,
  member: number,
): Promise<{ directory: number; level: AccessLevel }[]> {
  const rows = await database.rows<[number, AccessLevel]>(
    `select g.directory_id, g.level::text from directory_grant g
     where g.organization_id = $1 and (g.member_id = $2
       or g.group_id in (select m.group_id from group_membership m where m.member_id = $2))`,
    [organization, member],
  );
  return rows.map(([directory, level]) => ({ directory, level }));
}
