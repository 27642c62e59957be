/** Counts of who read the log, and whom a refused credential belonged to. */
import type { Database } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';

/** Whose accesses are counted, of what kind, in which window; times in milliseconds. */
export interface AccessWindowKey {
  readonly organization: number;
  readonly kind: string;
  readonly actorType: 'MEMBER' | 'TOKEN';
  /** External id of a member, id of a token. */
  readonly actorId: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** What one server counted in a window so far. */
export interface AccessCounts {
  readonly actorName: string;
  /** The first operation met. */
  readonly operation: string;
  readonly operations: number;
  /** Entries shown. */
  readonly entries: number;
  /** Whether there was more than what the first access’s own entry says. */
  readonly repeated: boolean;
  readonly lastSeen: number;
}

/** A window as all servers counted it. */
export interface EndedAccessWindow extends AccessWindowKey, AccessCounts {
  readonly organizationUid: string;
}

const most = 2 ** 31 - 1;

/** Writes the totals of one server; written twice, or later again, they count once. At most one row per window. */
export async function writeAccessCounts(
  database: Database,
  server: string,
  rows: readonly (AccessWindowKey & AccessCounts)[],
): Promise<void> {
  await database.rows(
    `insert into access_window (server_id, organization_id, kind, actor_type, actor_external_id, window_start, window_end,
       actor_name, operation, operations, entries, repeated, last_seen)
     select $1::uuid, i.* from unnest($2::int4[], $3::text[], $4::actor_type[], $5::text[], $6::timestamptz[],
       $7::timestamptz[], $8::text[], $9::text[], $10::int4[], $11::int4[], $12::bool[], $13::timestamptz[])
       as i(organization_id, kind, actor_type, actor_id, starts, ends, name, operation, operations, entries, repeated, seen)
     join organization o on o.id = i.organization_id
     on conflict (organization_id, kind, actor_type, actor_external_id, window_start, window_end, server_id) do update
       set operations = excluded.operations, entries = excluded.entries, repeated = excluded.repeated,
         last_seen = excluded.last_seen`,
    [
      server,
      rows.map((row) => row.organization),
      rows.map((row) => row.kind),
      rows.map((row) => row.actorType),
      rows.map((row) => row.actorId),
      rows.map((row) => timestamp(row.start)),
      rows.map((row) => timestamp(row.end)),
      rows.map((row) => row.actorName),
      rows.map((row) => row.operation),
      rows.map((row) => Math.min(row.operations, most)),
      rows.map((row) => Math.min(row.entries, most)),
      rows.map((row) => row.repeated),
      rows.map((row) => timestamp(row.lastSeen)),
    ],
  );
}

type EndedRow = [
  organization: number,
  organizationUid: string,
  kind: string,
  actorType: AccessWindowKey['actorType'],
  actorId: string,
  start: number,
  end: number,
  actorName: string,
  operation: string,
  operations: number,
  entries: number,
  repeated: boolean,
  lastSeen: number,
];

/** Windows of all organizations that ended before a time, the oldest first. */
export async function readEndedAccessWindows(
  database: Database,
  before: number,
  limit: number,
): Promise<EndedAccessWindow[]> {
  const rows = await database.rows<EndedRow>(
    `select w.organization_id, o.uid, w.kind, w.actor_type::text, w.actor_external_id, w.window_start, w.window_end,
       max(w.actor_name), (array_agg(w.operation order by w.last_seen, w.server_id))[1], sum(w.operations)::int8,
       sum(w.entries)::int8, bool_or(w.repeated), max(w.last_seen)
     from access_window w join organization o on o.id = w.organization_id where w.window_end < $1::timestamptz
     group by w.organization_id, o.uid, w.kind, w.actor_type, w.actor_external_id, w.window_start, w.window_end
     order by w.window_end, w.organization_id limit $2`,
    [timestamp(before), limit],
  );
  return rows.map(([organization, organizationUid, kind, actorType, actorId, start, end, ...counts]) => {
    const [actorName, operation, operations, entries, repeated, lastSeen] = counts;
    const key = { organization, organizationUid, kind, actorType, actorId, start, end };
    return { ...key, actorName, operation, operations, entries, repeated, lastSeen };
  });
}

/** Drops what every server counted in these windows. */
export async function forgetAccessWindows(database: Database, windows: readonly AccessWindowKey[]): Promise<void> {
  await database.rows(
    `delete from access_window w using unnest($1::int4[], $2::text[], $3::actor_type[], $4::text[], $5::timestamptz[],
       $6::timestamptz[]) as i(organization_id, kind, actor_type, actor_id, starts, ends)
     where w.organization_id = i.organization_id and w.kind = i.kind and w.actor_type = i.actor_type
       and w.actor_external_id = i.actor_id and w.window_start = i.starts and w.window_end = i.ends`,
    [
      windows.map((one) => one.organization),
      windows.map((one) => one.kind),
      windows.map((one) => one.actorType),
      windows.map((one) => one.actorId),
      windows.map((one) => timestamp(one.start)),
      windows.map((one) => timestamp(one.end)),
    ],
  );
}

/** A token that once was, whether or not it still may be used. */
export interface KnownToken {
  readonly organization: number;
  readonly organizationUid: string;
  readonly tokenId: string;
  readonly tokenName: string;
  readonly member: { readonly externalId: string; readonly name: string } | null;
  readonly revoked: boolean;
}

/** The token with this SHA-256, revoked and expired ones included; null for one that never was. */
export async function findKnownToken(database: Database, hash: Uint8Array): Promise<KnownToken | null> {
  const [row] = await database.rows<[number, string, string, string, string | null, string | null, boolean]>(
    `select o.id, o.uid, t.id, t.name, m.external_id, m.name, t.revoked_at is not null from api_token t
     join organization o on o.id = t.organization_id left join member m on m.organization_id = o.id and m.id = t.member_id
     where t.hash = $1 or t.previous_hash = $1`,
    [hash],
  );
  if (row === undefined) return null;
  const [organization, organizationUid, tokenId, tokenName, externalId, name, revoked] = row;
  const member = externalId === null || name === null ? null : { externalId, name };
  return { organization, organizationUid, tokenId, tokenName, member, revoked };
}
