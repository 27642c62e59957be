/** Who and what an organization consists of, by the product’s own ids. `only` narrows to some; null reads all. */
import type { AccessLevel } from '../../model/role.ts';
import type { Runner } from '../database.ts';

export type MemberStatus = 'ACTIVE' | 'SUSPENDED' | 'REMOVED';

export interface MemberRecord {
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
  /** Key of a role. */
  readonly role: string | null;
  readonly status: MemberStatus;
}

export interface GroupRecord {
  readonly externalId: string;
  readonly name: string;
}

export interface MembershipRecord {
  readonly groupId: string;
  readonly memberId: string;
}

export interface PlaceRecord {
  readonly externalId: string;
  readonly kind: 'VAULT' | 'FOLDER';
  /** As the product keeps it; null where only entries named it. */
  readonly name: string | null;
  /** External id of the directory above. */
  readonly parentId: string | null;
}

/** Exactly one of `memberId` and `groupId` is not null. */
export interface GrantRecord {
  readonly directoryId: string;
  readonly memberId: string | null;
  readonly groupId: string | null;
  readonly level: AccessLevel;
}

type Ids = readonly string[] | null;

/** A page in the order of external ids, after one of them. */
export interface PageAfter {
  readonly after: string | null;
  readonly limit: number;
}

type MemberRow = [string, string, string | null, string | null, MemberStatus];
const memberColumns = 'm.external_id, m.name, m.email, m.role, m.status::text';
const memberFrom = ([externalId, name, email, role, status]: MemberRow): MemberRecord => ({
  externalId,
  name,
  email,
  role,
  status,
});

export async function readMembers(runner: Runner, organization: number, only: Ids): Promise<MemberRecord[]> {
  const rows = await runner.rows<MemberRow>(
    `select ${memberColumns} from member m
     where m.organization_id = $1 and ($2::text[] is null or m.external_id = any($2::text[]))`,
    [organization, only],
  );
  return rows.map(memberFrom);
}

/** Members that are not removed, unless asked for by status. */
export async function pageMembers(
  runner: Runner,
  organization: number,
  { after, limit }: PageAfter,
  where: { readonly search: string | null; readonly emails: boolean; readonly status: MemberStatus | null },
): Promise<MemberRecord[]> {
  const pattern = where.search === null ? null : `%${where.search.replace(/[\\%_]/g, '\\$&')}%`;
  const rows = await runner.rows<MemberRow>(
    `select ${memberColumns} from member m
     where m.organization_id = $1 and ($2::text is null or m.external_id > $2)
       and ($3::text is null or m.name ilike $3 or m.external_id ilike $3 or ($4 and m.email ilike $3))
       and case when $5::text is null then m.status <> 'REMOVED' else m.status::text = $5 end
     order by m.external_id limit $6`,
    [organization, after, pattern, where.emails, where.status, limit],
  );
  return rows.map(memberFrom);
}

export async function readGroups(runner: Runner, organization: number, only: Ids): Promise<GroupRecord[]> {
  const rows = await runner.rows<[string, string]>(
    `select g.external_id, g.name from member_group g
     where g.organization_id = $1 and ($2::text[] is null or g.external_id = any($2::text[]))`,
    [organization, only],
  );
  return rows.map(([externalId, name]) => ({ externalId, name }));
}

export async function pageGroups(
  runner: Runner,
  organization: number,
  { after, limit }: PageAfter,
): Promise<GroupRecord[]> {
  const rows = await runner.rows<[string, string]>(
    `select g.external_id, g.name from member_group g
     where g.organization_id = $1 and ($2::text is null or g.external_id > $2) order by g.external_id limit $3`,
    [organization, after, limit],
  );
  return rows.map(([externalId, name]) => ({ externalId, name }));
}

/** Memberships of the groups and of the members named; of everyone where both are null. */
export async function readMemberships(
  runner: Runner,
  organization: number,
  of: { readonly groups: Ids; readonly members: Ids },
): Promise<MembershipRecord[]> {
  const rows = await runner.rows<[string, string]>(
    `select g.external_id, m.external_id from group_membership s
     join member_group g on g.id = s.group_id join member m on m.id = s.member_id
     where g.organization_id = $1 and m.organization_id = $1 and (($2::text[] is null and $3::text[] is null)
       or g.external_id = any($2::text[]) or m.external_id = any($3::text[]))
     order by g.external_id, m.external_id`,
    [organization, of.groups, of.members],
  );
  return rows.map(([groupId, memberId]) => ({ groupId, memberId }));
}

export async function readPlaces(runner: Runner, organization: number, only: Ids): Promise<PlaceRecord[]> {
  const rows = await runner.rows<[string, 'VAULT' | 'FOLDER', string | null, string | null]>(
    `select d.external_id, d.kind::text, d.kept_name, p.external_id from directory d
     left join directory p on p.organization_id = $1 and p.id = d.parent_id
     where d.organization_id = $1 and ($2::text[] is null or d.external_id = any($2::text[]))`,
    [organization, only],
  );
  return rows.map(([externalId, kind, name, parentId]) => ({ externalId, kind, name, parentId }));
}

type GrantRow = [string, string | null, string | null, AccessLevel, string | null];
const grantFrom = ([directoryId, memberId, groupId, level]: GrantRow): GrantRecord => ({
  directoryId,
  memberId,
  groupId,
  level,
});
const grantSql = (
  name: string,
) => `select d.external_id, m.external_id, g.external_id, r.level::text, ${name} from directory_grant r
  join directory d on d.organization_id = $1 and d.id = r.directory_id
  left join member m on m.organization_id = $1 and m.id = r.member_id
  left join member_group g on g.organization_id = $1 and g.id = r.group_id
  where r.organization_id = $1`;

/** Grants on the directories, to the members and to the groups named; all where all three are null. */
export async function readGrants(
  runner: Runner,
  organization: number,
  of: { readonly directories: Ids; readonly members: Ids; readonly groups: Ids },
): Promise<GrantRecord[]> {
  const rows = await runner.rows<GrantRow>(
    `${grantSql('d.kept_name')} and (($2::text[] is null and $3::text[] is null and $4::text[] is null) or d.external_id = any($2::text[])
       or m.external_id = any($3::text[]) or g.external_id = any($4::text[]))`,
    [organization, of.directories, of.members, of.groups],
  );
  return rows.map(grantFrom);
}

/** A grant and where it stands in the order of pages. */
export interface PagedGrant extends GrantRecord {
  readonly directoryName: string | null;
}

/** Where a page of grants goes on: after this grant. */
export interface GrantPlace {
  readonly directoryId: string;
  /** `m` or `g`, and the subject’s external id. */
  readonly subject: string;
}

/** Grants by directory and subject, of one directory, member or group where asked for. */
export async function pageGrants(
  runner: Runner,
  organization: number,
  where: {
    readonly directory: string | null;
    readonly member: string | null;
    readonly group: string | null;
    readonly after: GrantPlace | null;
    readonly limit: number;
    /** The newest name of each directory, whoever stated it; else the one that the product keeps. */
    readonly newestNames: boolean;
  },
): Promise<PagedGrant[]> {
  const subject = "case when m.id is null then 'g' || g.external_id else 'm' || m.external_id end";
  const rows = await runner.rows<GrantRow>(
    `${grantSql('case when $8 then d.name else d.kept_name end')} and ($2::text is null or d.external_id = $2) and ($3::text is null or m.external_id = $3)
       and ($4::text is null or g.external_id = $4)
       and ($5::text is null or (d.external_id, ${subject}) > ($5::text, $6::text))
     order by d.external_id, ${subject} limit $7`,
    [
      organization,
      where.directory,
      where.member,
      where.group,
      where.after?.directoryId ?? null,
      where.after?.subject ?? null,
      where.limit,
      where.newestNames,
    ],
  );
  return rows.map((row) => ({ ...grantFrom(row), directoryName: row[4] }));
}

/** Members who are owners and may act. */
export async function countOwners(runner: Runner, organization: number): Promise<number> {
  const [row] = await runner.rows<[number]>(
    "select count(*)::int4 from member m where m.organization_id = $1 and m.role = 'OWNER' and m.status = 'ACTIVE'",
    [organization],
  );
  return row?.[0] ?? 0;
}
