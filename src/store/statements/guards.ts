/** What an organization guards, and the changes that wait because of it. */
import type { Json } from '../../model/entry.ts';
import type { PendingState } from '../../model/guard.ts';
import type { Runner } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';

/** What is asked for before an operation is carried out. */
export interface GuardRecord {
  readonly operation: string;
  readonly delaySeconds: number;
  readonly secondPerson: boolean;
}

/** A credential, and who it stands for. */
export interface Standing {
  readonly tokenId: string;
  /** External id; null for a token of a program. */
  readonly memberId: string | null;
  readonly name: string;
}

/** A change that was asked for; times in milliseconds. */
export interface PendingRecord {
  readonly id: string;
  /** What kind of request it is. */
  readonly kind: string;
  readonly operations: readonly string[];
  /** What is to be done, as data; null once it is over. */
  readonly request: Json;
  /** The same for the same request of the same one. */
  readonly requestHash: string;
  /** What it would have changed when it was asked for. */
  readonly planned: Json;
  readonly askedBy: Standing;
  readonly approvals: readonly (Standing & { readonly at: number })[];
  readonly delaySeconds: number;
  readonly secondPerson: boolean;
  readonly requestedAt: number;
  readonly dueAt: number;
  readonly expiresAt: number;
  readonly state: PendingState;
  /** Of a change that was refused: why. */
  readonly code: string | null;
  readonly endedAt: number | null;
}

export async function readGuards(runner: Runner, organization: number): Promise<GuardRecord[]> {
  const rows = await runner.rows<[string, number, boolean]>(
    'select g.operation, g.delay_seconds, g.second_person from guard g where g.organization_id = $1 order by g.operation',
    [organization],
  );
  return rows.map(([operation, delaySeconds, secondPerson]) => ({ operation, delaySeconds, secondPerson }));
}

export async function writeGuard(runner: Runner, organization: number, guard: GuardRecord): Promise<void> {
  await runner.rows(
    `insert into guard (organization_id, operation, delay_seconds, second_person) values ($1, $2, $3, $4)
     on conflict (organization_id, operation) do update
       set delay_seconds = excluded.delay_seconds, second_person = excluded.second_person`,
    [organization, guard.operation, guard.delaySeconds, guard.secondPerson],
  );
}

/** Changes of the operation that wait come to ask for as much, and for no less than they did. */
export async function strengthenPending(
  runner: Runner,
  organization: number,
  { operation, delaySeconds, secondPerson }: GuardRecord,
  graceMs: number,
): Promise<void> {
  await runner.rows(
    `update pending_change p set second_person = p.second_person or $3, delay_seconds = greatest(p.delay_seconds, $4),
       due_at = greatest(p.due_at, p.requested_at + $4 * interval '1 second'),
       expires_at = greatest(p.expires_at, p.requested_at + $4 * interval '1 second' + $5::float8 * interval '1 millisecond')
     where p.organization_id = $1 and p.state = 'PENDING' and $2 = any(p.operations)`,
    [organization, operation, secondPerson, delaySeconds, graceMs],
  );
}

const columns = `p.id, p.kind, to_json(p.operations), p.request, p.request_hash, p.planned, p.asked_by, p.approvals, p.delay_seconds,
  p.second_person, p.requested_at, p.due_at, p.expires_at, p.state, p.code, p.ended_at`;

type PendingRow = [
  string,
  string,
  string[],
  Json,
  string,
  Json,
  Standing,
  PendingRecord['approvals'],
  number,
  boolean,
  number,
  number,
  number,
  PendingState,
  string | null,
  number | null,
];

function pendingFrom(row: PendingRow): PendingRecord {
  const [id, kind, operations, request, requestHash, planned, askedBy, approvals, delaySeconds, secondPerson] = row;
  const [requestedAt, dueAt, expiresAt, state, code, endedAt] = row.slice(10) as Rest;
  return {
    id,
    kind,
    operations,
    request,
    requestHash,
    planned,
    askedBy,
    approvals,
    delaySeconds,
    secondPerson,
    requestedAt,
    dueAt,
    expiresAt,
    state,
    code,
    endedAt,
  };
}
type Rest = [number, number, number, PendingState, string | null, number | null];

export async function insertPending(runner: Runner, organization: number, change: PendingRecord): Promise<void> {
  await runner.rows(
    `insert into pending_change (id, organization_id, kind, operations, request, request_hash, planned, asked_by,
       delay_seconds, second_person, requested_at, due_at, expires_at, state)
     values ($2, $1, $3, $4::text[], $5::json, $6, $7::json, $8::json, $9, $10, $11, $12, $13, 'PENDING')`,
    [
      organization,
      change.id,
      change.kind,
      change.operations,
      JSON.stringify(change.request),
      change.requestHash,
      JSON.stringify(change.planned),
      JSON.stringify(change.askedBy),
      change.delaySeconds,
      change.secondPerson,
      timestamp(change.requestedAt),
      timestamp(change.dueAt),
      timestamp(change.expiresAt),
    ],
  );
}

export async function findPending(runner: Runner, organization: number, id: string): Promise<PendingRecord | null> {
  const [row] = await runner.rows<PendingRow>(
    `select ${columns} from pending_change p where p.organization_id = $1 and p.id = $2`,
    [organization, id],
  );
  return row === undefined ? null : pendingFrom(row);
}

/** The open change with this request, and how many are open. */
export async function findOpenPending(
  runner: Runner,
  organization: number,
  requestHash: string,
): Promise<{ readonly same: PendingRecord | null; readonly open: number }> {
  const [row] = await runner.rows<PendingRow>(
    `select ${columns} from pending_change p
     where p.organization_id = $1 and p.state = 'PENDING' and p.request_hash = $2 order by p.id limit 1`,
    [organization, requestHash],
  );
  const [count] = await runner.rows<[number]>(
    "select count(*)::int4 from pending_change p where p.organization_id = $1 and p.state = 'PENDING'",
    [organization],
  );
  return { same: row === undefined ? null : pendingFrom(row), open: count?.[0] ?? 0 };
}

/** The newest first, without what was asked for. */
export async function pagePending(
  runner: Runner,
  organization: number,
  page: {
    readonly after: string | null;
    readonly limit: number;
    readonly kinds: readonly string[];
    readonly state: PendingState | null;
  },
): Promise<PendingRecord[]> {
  const rows = await runner.rows<PendingRow>(
    `select ${columns.replace('p.request,', 'null::json,')} from pending_change p
     where p.organization_id = $1 and ($2::uuid is null or p.id < $2::uuid) and p.kind = any($3::text[])
       and ($4::text is null or p.state = $4) order by p.id desc limit $5`,
    [organization, page.after, page.kinds, page.state, page.limit],
  );
  return rows.map(pendingFrom);
}

export async function writeApprovals(
  runner: Runner,
  organization: number,
  id: string,
  approvals: PendingRecord['approvals'],
): Promise<void> {
  await runner.rows('update pending_change p set approvals = $3::json where p.organization_id = $1 and p.id = $2', [
    organization,
    id,
    JSON.stringify(approvals),
  ]);
}

/** What was asked for is forgotten, with its hash: it may name people, and nothing needs it any more. */
export async function endPending(
  runner: Runner,
  organization: number,
  id: string,
  end: { readonly state: Exclude<PendingState, 'PENDING'>; readonly code: string | null; readonly at: number },
): Promise<void> {
  await runner.rows(
    `update pending_change p set state = $3, code = $4, ended_at = $5, request = null, request_hash = ''
     where p.organization_id = $1 and p.id = $2 and p.state = 'PENDING'`,
    [organization, id, end.state, end.code, timestamp(end.at)],
  );
}

/** Changes of all organizations whose time has come, and which somebody else has approved where that is asked for. */
export async function readDuePending(
  runner: Runner,
  now: number,
  page: { readonly after: string | null; readonly limit: number },
): Promise<{ readonly organization: number; readonly organizationUid: string; readonly id: string }[]> {
  const rows = await runner.rows<[number, string, string]>(
    `select p.organization_id, o.uid, p.id from pending_change p join organization o on o.id = p.organization_id
     where p.state = 'PENDING' and p.due_at <= $1::timestamptz and ($2::uuid is null or p.id > $2::uuid)
       and (not p.second_person or json_array_length(p.approvals) > 0 or p.expires_at <= $1::timestamptz)
     order by p.id limit $3`,
    [timestamp(now), page.after, page.limit],
  );
  return rows.map(([organization, organizationUid, id]) => ({ organization, organizationUid, id }));
}

/** Whether the log has not yet all that was written to be told. */
export async function outboxWaits(runner: Runner, organization: number): Promise<boolean> {
  const rows = await runner.rows('select from outbox b where b.organization_id = $1 limit 1', [organization]);
  return rows.length > 0;
}
