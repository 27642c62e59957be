/** Saved views: filters that have a name, of a person or shared with roles. */
import type { Json } from '../../model/entry.ts';
import type { Runner } from '../database.ts';

/** A person: a stored member, or one whom an issuer of JWTs states. */
export interface ViewOwner {
  /** External id. */
  readonly id: string;
  /** Id of the issuer; null for a stored member. */
  readonly issuer: string | null;
}

export interface ViewRecord {
  readonly id: string;
  readonly owner: ViewOwner;
  /** As of when the owner last saved it. */
  readonly ownerName: string;
  readonly name: string;
  readonly description: string;
  /** As it was given, whatever the filter language was then. */
  readonly filter: Json;
  readonly period: Json;
  readonly orderField: string;
  readonly direction: string;
  readonly columns: readonly string[];
  /** Keys of the roles that it is shared with; none of a private one. */
  readonly roles: readonly string[];
  /** Milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Who looks: the views of this person, and those that are shared with one of these roles. */
export interface ViewReader {
  readonly owner: ViewOwner | null;
  readonly roles: readonly string[];
}

type ViewRow = [
  id: string,
  ownerId: string,
  ownerIssuer: string | null,
  ownerName: string,
  name: string,
  description: string,
  filter: Json,
  period: Json,
  orderField: string,
  direction: string,
  columns: string[],
  roles: string[],
  createdAt: number,
  updatedAt: number,
];

const viewSql = `select v.id, v.owner_id, v.owner_issuer, v.owner_name, v.name, v.description, v.filter, v.period,
  v.order_field, v.direction, to_jsonb(v.columns), to_jsonb(v.roles), v.created_at, v.updated_at
  from saved_view v where v.organization_id = $1`;
/** Of a reader in the parameters $2 to $4. */
const readable = `((v.owner_id = $2 and v.owner_issuer is not distinct from $3::uuid) or v.roles && $4::text[])`;

const viewFrom = ([id, ownerId, issuer, ownerName, name, description, ...rest]: ViewRow): ViewRecord => {
  const [filter, period, orderField, direction, columns, roles, createdAt, updatedAt] = rest;
  const owner = { id: ownerId, issuer };
  const what = { name, description, filter, period, orderField, direction, columns, roles };
  return { id, owner, ownerName, ...what, createdAt, updatedAt };
};

const readerOf = ({ owner, roles }: ViewReader) => [owner?.id ?? null, owner?.issuer ?? null, roles];

/** Those that the reader may use, in the order they were made, after one of them. */
export async function pageViews(
  runner: Runner,
  organization: number,
  reader: ViewReader,
  page: { readonly after: string | null; readonly limit: number; readonly name: string | null },
): Promise<ViewRecord[]> {
  const rows = await runner.rows<ViewRow>(
    `${viewSql} and ${readable} and ($5::uuid is null or v.id > $5::uuid) and ($6::text is null or v.name = $6)
     order by v.id limit $7`,
    [organization, ...readerOf(reader), page.after, page.name, page.limit],
  );
  return rows.map(viewFrom);
}

/** Null for one that is not there, and for one that the reader may not use. */
export async function findView(
  runner: Runner,
  organization: number,
  reader: ViewReader,
  id: string,
): Promise<ViewRecord | null> {
  const [row] = await runner.rows<ViewRow>(`${viewSql} and ${readable} and v.id = $5`, [
    organization,
    ...readerOf(reader),
    id,
  ]);
  return row === undefined ? null : viewFrom(row);
}

/** A person has one view of a name. */
export async function findOwnView(
  runner: Runner,
  organization: number,
  owner: ViewOwner,
  name: string,
): Promise<ViewRecord | null> {
  const [row] = await runner.rows<ViewRow>(
    `${viewSql} and v.owner_id = $2 and v.owner_issuer is not distinct from $3::uuid and v.name = $4`,
    [organization, owner.id, owner.issuer, name],
  );
  return row === undefined ? null : viewFrom(row);
}

/** How many the person has, and all together. */
export async function countViews(
  runner: Runner,
  organization: number,
  owner: ViewOwner,
): Promise<{ readonly own: number; readonly all: number }> {
  const [row] = await runner.rows<[number, number]>(
    `select count(*) filter (where v.owner_id = $2 and v.owner_issuer is not distinct from $3::uuid)::int4, count(*)::int4
     from saved_view v where v.organization_id = $1`,
    [organization, owner.id, owner.issuer],
  );
  return { own: row?.[0] ?? 0, all: row?.[1] ?? 0 };
}

/** Those that are shared with the role. */
export async function readViewsOfRole(runner: Runner, organization: number, role: string): Promise<ViewRecord[]> {
  const rows = await runner.rows<ViewRow>(`${viewSql} and $2 = any(v.roles) order by v.id`, [organization, role]);
  return rows.map(viewFrom);
}

/** Adds, or replaces the one with this id. */
export async function writeView(runner: Runner, organization: number, view: ViewRecord): Promise<void> {
  const json = (value: Json) => (value === null ? null : JSON.stringify(value));
  await runner.rows(
    `insert into saved_view (organization_id, id, owner_id, owner_issuer, owner_name, name, description, filter, period,
       order_field, direction, columns, roles, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9::text::json, $10, $11, $12::text[], $13::text[],
       to_timestamp($14::float8 / 1000), to_timestamp($15::float8 / 1000))
     on conflict (id) do update set owner_name = excluded.owner_name, name = excluded.name,
       description = excluded.description, filter = excluded.filter, period = excluded.period,
       order_field = excluded.order_field, direction = excluded.direction, columns = excluded.columns,
       roles = excluded.roles, updated_at = excluded.updated_at
       where saved_view.organization_id = excluded.organization_id`,
    [
      organization,
      view.id,
      view.owner.id,
      view.owner.issuer,
      view.ownerName,
      view.name,
      view.description,
      json(view.filter),
      json(view.period),
      view.orderField,
      view.direction,
      view.columns,
      view.roles,
      view.createdAt,
      view.updatedAt,
    ],
  );
}

export async function deleteView(runner: Runner, organization: number, id: string): Promise<void> {
  await runner.rows('delete from saved_view v where v.organization_id = $1 and v.id = $2', [organization, id]);
}

/** No view is shared with the role any more. */
export async function unshareViews(runner: Runner, organization: number, role: string): Promise<void> {
  await runner.rows(
    `update saved_view v set roles = array_remove(v.roles, $2) where v.organization_id = $1 and $2 = any(v.roles)`,
    [organization, role],
  );
}

/** Private views that nobody can use any more: of removed members, and of persons whose issuer was removed. */
export async function deleteLostViews(runner: Runner, organization: number): Promise<void> {
  await runner.rows(
    `delete from saved_view v where v.organization_id = $1 and v.roles = '{}' and not case when v.owner_issuer is null
       then exists (select from member m where m.organization_id = $1 and m.external_id = v.owner_id and m.status <> 'REMOVED')
       else exists (select from jwt_issuer i where i.organization_id = $1 and i.id = v.owner_issuer and i.removed_at is null)
     end`,
    [organization],
  );
}
