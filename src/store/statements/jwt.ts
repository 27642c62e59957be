/** What the database knows of a JSON Web Token’s claims. */
import type { OwnLimits } from '../../model/limits.ts';
import type { Database } from '../database.ts';
import { type IssuerRow, issuerColumns, issuerFrom, type JwtIssuerRecord } from '../issuer-row.ts';
import { roleJson, type StoredRole } from '../role-row.ts';
import { type Versions, versionColumns } from '../versions.ts';
import type { MemberStatus } from './worldRead.ts';

/** What the claims of a token name, before anybody has looked at its signature. */
export interface NamedByClaims {
  /** UUID. */
  readonly organization: string;
  readonly issuer: string;
  readonly subject: string;
  /** Key of the role that it states; null where it states none. */
  readonly role: string | null;
}

/** All that is stored about a token’s claims, with the organization’s head in the same round trip. */
export interface StoredJwtCredential extends Versions {
  readonly issuer: JwtIssuerRecord;
  readonly organization: number;
  readonly organizationUid: string;
  readonly organizationName: string;
  /** Limits of its own; null where it has none. */
  readonly organizationLimits: OwnLimits | null;
  readonly generation: number;
  /** The subject’s number as an actor; null for one that nothing has named yet. */
  readonly actor: number | null;
  /** The subject, where it is or was a member. */
  readonly member: {
    readonly id: number;
    readonly name: string;
    readonly email: string | null;
    readonly status: MemberStatus;
    readonly role: string | null;
  } | null;
  /** The stated role, or the member’s where none is stated, if the organization defines it itself. */
  readonly ownRole: StoredRole | null;
}

type CredentialRow = [
  organization: number,
  organizationUid: string,
  organizationName: string,
  organizationLimits: OwnLimits | null,
  rightsVersion: number,
  treeVersion: number,
  generation: number,
  actor: number | null,
  memberId: number | null,
  memberName: string | null,
  memberEmail: string | null,
  status: MemberStatus | null,
  memberRole: string | null,
  ownRole: StoredRole | null,
  ...issuer: IssuerRow,
];

/** One that was removed is found where no other has taken its place. */
export async function findJwtCredential(
  database: Database,
  { organization, issuer, subject, role }: NamedByClaims,
): Promise<StoredJwtCredential | null> {
  const [row] = await database.rows<CredentialRow>(
    `select o.id, o.uid, o.name, o.limits::json, ${versionColumns}, h.generation, a.id, m.id, m.name, m.email, m.status::text, m.role, ${roleJson},
       ${issuerColumns}
     from organization o join log_head h on h.organization_id = o.id
     join lateral (select * from jwt_issuer j where j.organization_id = o.id and j.issuer = $2
       order by j.removed_at desc nulls first limit 1) i on true
     left join actor a on a.organization_id = o.id and a.type = 'MEMBER' and a.external_id = $3
     left join member m on m.organization_id = o.id and m.external_id = $3
     left join role r on r.organization_id = o.id and r.key = coalesce($4::text, m.role)
     where o.uid = $1::uuid`,
    [organization, issuer, subject, role],
  );
  if (row === undefined) return null;
  const [id, organizationUid, organizationName, organizationLimits, rightsVersion, treeVersion, ...others] = row;
  const [generation, actor, ...rest] = others;
  const [memberId, name, email, status, memberRole, ownRole, ...issuerRow] = rest;
  const member =
    memberId === null || name === null || status === null
      ? null
      : { id: memberId, name, email, status, role: memberRole };
  return {
    issuer: issuerFrom(issuerRow),
    organization: id,
    organizationUid,
    organizationName,
    organizationLimits,
    rightsVersion,
    treeVersion,
    generation,
    actor,
    member,
    ownRole,
  };
}
