/**
 * Writes members, groups, directories and grants in sets, by the product’s own ids; each statement takes a whole list.
 * All of them run in one transaction that holds `lockOrganization`, so nothing but appends changes the same tables.
 * Appends register actors and directories: rows of those are taken in the order of their ids, inserts before updates, as
 * `register_actors` and `register_directories` take them, so that both wait for each other instead of deadlocking.
 * What exists is looked up before inserting: a conflict would use up a number, and numbers are 32 bits wide.
 */
import type { Runner } from '../database.ts';
import type { GrantRecord, GroupRecord, MemberRecord, MembershipRecord, PlaceRecord } from './worldRead.ts';

const column = <T>(rows: readonly T[], value: (row: T) => string | null): (string | null)[] => rows.map(value);

/**
 * Changes of one organization happen one after another. Stands in a statement of its own, so that later ones see what the
 * last holder committed.
 */
export async function lockOrganization(runner: Runner, organization: number): Promise<void> {
  await runner.rows('select from organization where id = $1 for no key update', [organization]);
}

/** Last in a transaction: the head’s lock holds back everything that is recorded meanwhile. */
export async function raiseRights(runner: Runner, organization: number): Promise<void> {
  await runner.rows('update log_head set rights_version = rights_version + 1 where organization_id = $1', [
    organization,
  ]);
}

/** Adds and updates members with all their columns; each is an actor, too. */
export async function writeMembers(
  runner: Runner,
  organization: number,
  members: readonly MemberRecord[],
): Promise<void> {
  const people = [
    organization,
    column(members, (one) => one.externalId),
    column(members, (one) => one.name),
    column(members, (one) => one.email),
  ];
  await runner.rows(
    `insert into actor (organization_id, type, external_id, name, email)
     select $1, 'MEMBER', i.external_id, i.name, i.email from unnest($2::text[], $3::text[], $4::text[]) i(external_id, name, email)
     where not exists (select from actor a where a.organization_id = $1 and a.type = 'MEMBER' and a.external_id = i.external_id)
     order by i.external_id on conflict do nothing`,
    people,
  );
  await runner.rows(
    `update actor a set name = n.name, email = n.email from (
       select k.id, i.name, i.email from unnest($2::text[], $3::text[], $4::text[]) i(external_id, name, email)
       join actor k on k.organization_id = $1 and k.type = 'MEMBER' and k.external_id = i.external_id
       where (i.name, i.email) is distinct from (k.name, k.email) order by k.id for no key update of k) n
     where a.organization_id = $1 and a.id = n.id`,
    people,
  );
  const all = [...people, column(members, (one) => one.role), column(members, (one) => one.status)];
  const given =
    'unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) i(external_id, name, email, role, status)';
  await runner.rows(
    `update member m set name = i.name, email = i.email, role = i.role, status = i.status::member_status from ${given}
     where m.organization_id = $1 and m.external_id = i.external_id`,
    all,
  );
  await runner.rows(
    `insert into member (organization_id, external_id, name, email, role, status, actor_id)
     select $1, i.external_id, i.name, i.email, i.role, i.status::member_status, a.id from ${given}
     join actor a on a.organization_id = $1 and a.type = 'MEMBER' and a.external_id = i.external_id
     where not exists (select from member m where m.organization_id = $1 and m.external_id = i.external_id)
     order by i.external_id`,
    all,
  );
}

/** Ends the tokens that act as these members. */
export async function revokeTokensOf(
  runner: Runner,
  organization: number,
  members: readonly string[],
  now: number,
): Promise<void> {
  await runner.rows(
    `update api_token t set revoked_at = to_timestamp($3::float8 / 1000) from member m
     where t.organization_id = $1 and m.organization_id = $1 and m.id = t.member_id
       and m.external_id = any($2::text[]) and t.revoked_at is null`,
    [organization, members, now],
  );
}

export async function writeGroups(runner: Runner, organization: number, groups: readonly GroupRecord[]): Promise<void> {
  const values = [organization, column(groups, (one) => one.externalId), column(groups, (one) => one.name)];
  const given = 'unnest($2::text[], $3::text[]) i(external_id, name)';
  await runner.rows(
    `update member_group g set name = i.name from ${given} where g.organization_id = $1 and g.external_id = i.external_id`,
    values,
  );
  await runner.rows(
    `insert into member_group (organization_id, external_id, name) select $1, i.external_id, i.name from ${given}
     where not exists (select from member_group g where g.organization_id = $1 and g.external_id = i.external_id)
     order by i.external_id`,
    values,
  );
}

/** With their memberships and grants. */
export async function deleteGroups(runner: Runner, organization: number, groups: readonly string[]): Promise<void> {
  await runner.rows('delete from member_group g where g.organization_id = $1 and g.external_id = any($2::text[])', [
    organization,
    groups,
  ]);
}

const membershipValues = (organization: number, memberships: readonly MembershipRecord[]) => [
  organization,
  column(memberships, (one) => one.groupId),
  column(memberships, (one) => one.memberId),
];
const membershipRows = `unnest($2::text[], $3::text[]) i(group_id, member_id)
  join member_group g on g.organization_id = $1 and g.external_id = i.group_id
  join member m on m.organization_id = $1 and m.external_id = i.member_id`;

export async function addMemberships(
  runner: Runner,
  organization: number,
  memberships: readonly MembershipRecord[],
): Promise<void> {
  await runner.rows(
    `insert into group_membership (group_id, member_id) select g.id, m.id from ${membershipRows} on conflict do nothing`,
    membershipValues(organization, memberships),
  );
}

export async function deleteMemberships(
  runner: Runner,
  organization: number,
  memberships: readonly MembershipRecord[],
): Promise<void> {
  await runner.rows(
    `delete from group_membership s using ${membershipRows}
     where s.group_id = g.id and s.member_id = m.id`,
    membershipValues(organization, memberships),
  );
}

/** Adds and updates directories with all their columns; parents exist or stand in the same list, in any order. */
export async function writePlaces(runner: Runner, organization: number, places: readonly PlaceRecord[]): Promise<void> {
  const values = [
    organization,
    column(places, (one) => one.externalId),
    column(places, (one) => one.kind),
    column(places, (one) => one.name),
    column(places, (one) => one.parentId),
  ];
  const given = 'unnest($2::text[], $3::text[], $4::text[], $5::text[]) i(external_id, kind, name, parent)';
  // An append may register the same directory meanwhile; the update that follows gives it its place.
  await runner.rows(
    `insert into directory (organization_id, external_id, kind, name, kept_name)
     select $1, i.external_id, i.kind::directory_kind, i.name, i.name from ${given}
     where not exists (select from directory d where d.organization_id = $1 and d.external_id = i.external_id)
     order by i.external_id on conflict do nothing`,
    values,
  );
  await runner.rows(
    `update directory d set kind = i.kind::directory_kind, name = coalesce(i.name, d.name), kept_name = i.name, parent_id = p.id
     from ${given}
     left join directory p on p.organization_id = $1 and p.external_id = i.parent
     where d.organization_id = $1 and d.external_id = i.external_id
       and (d.kind, d.kept_name, d.parent_id) is distinct from (i.kind::directory_kind, i.name, p.id)`,
    values,
  );
}

const grantValues = (organization: number, grants: readonly GrantRecord[]) => [
  organization,
  column(grants, (one) => one.directoryId),
  column(grants, (one) => one.memberId),
  column(grants, (one) => one.groupId),
];
/** Grants as numbers; a subject that is named is there. */
const numbered = (extra: string, names: string) => `(
  select d.id as directory, m.id as member, g.id as grp${names} from unnest($2::text[], $3::text[], $4::text[]${extra})
    i(directory_id, member_id, group_id${names})
  join directory d on d.organization_id = $1 and d.external_id = i.directory_id
  left join member m on m.organization_id = $1 and m.external_id = i.member_id
  left join member_group g on g.organization_id = $1 and g.external_id = i.group_id) n`;
// Numbers begin at 1. Equality can be hashed, and “is not distinct from” cannot.
const same = `r.organization_id = $1 and r.directory_id = n.directory
  and coalesce(r.member_id, 0) = coalesce(n.member, 0) and coalesce(r.group_id, 0) = coalesce(n.grp, 0)`;

/** One grant for each directory and subject: what stands there already gets the level. */
export async function writeGrants(runner: Runner, organization: number, grants: readonly GrantRecord[]): Promise<void> {
  const values = [...grantValues(organization, grants), column(grants, (one) => one.level)];
  const given = numbered(', $5::text[]', ', level');
  await runner.rows(`update directory_grant r set level = n.level::access_level from ${given} where ${same}`, values);
  await runner.rows(
    `insert into directory_grant (organization_id, directory_id, member_id, group_id, level)
     select $1, n.directory, n.member, n.grp, n.level::access_level from ${given}
     where not exists (select from directory_grant r where ${same}) order by n.directory, n.member, n.grp`,
    values,
  );
}

export async function deleteGrants(
  runner: Runner,
  organization: number,
  grants: readonly GrantRecord[],
): Promise<void> {
  await runner.rows(
    `delete from directory_grant r using ${numbered('', '')} where ${same}`,
    grantValues(organization, grants),
  );
}
