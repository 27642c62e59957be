import pg from 'pg';
import { actorTypes, type Change, type Entry, type Json, outcomes, type Target } from '../model/entry.ts';
import { normalizeIp } from '../model/ip.ts';
import { oid } from './binary.ts';

/** The columns of an entry, in the order that `entryFromRow` reads them. */
export const entryColumns = `e.organization_id, e.position, e.recorded_at, e.occurred_at, e.id, e.action_id, e.outcome, e.severity,
  e.actor_type, e.actor_id, e.affected_user_id, e.directory_id, e.vault_id, e.component, e.actor_name, e.actor_email,
  e.affected_user_name, e.affected_user_email, e.directory_name, e.vault_name, e.targets, e.ip, e.user_agent, e.device,
  e.session, e.request, e.location, e.changes, e.metadata`;

/** A row in array mode, parsed by `entryTypes`. */
export type EntryRow = [
  number,
  number,
  number,
  number,
  string,
  number,
  number,
  number,
  number,
  number | null,
  number | null,
  number | null,
  number | null,
  string | null,
  string | null,
  string | null,
  string | null,
  string | null,
  string | null,
  string | null,
  Target[] | null,
  string | null,
  string | null,
  string | null,
  string | null,
  string | null,
  string | null,
  Change[] | null,
  { [key: string]: Json } | null,
];

/** Timestamps as milliseconds, 64-bit integers as numbers. */
export const entryTypes: pg.CustomTypesConfig = {
  getTypeParser(type: number, format?: 'text' | 'binary') {
    if (type === oid.timestamptz) return parseTime;
    if (type === oid.int8) return Number;
    return pg.types.getTypeParser(type, format);
  },
};

/** PostgreSQL’s ISO form, `2026-11-22 12:00:00.123+00`; sessions are in UTC, and an offset that says otherwise counts. */
export function parseTime(text: string): number {
  if (text.endsWith('+00')) return Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
  const offset = /([+-]\d{2})(:\d{2})?$/.exec(text);
  return Date.parse(
    `${text.slice(0, 10)}T${text.slice(11, offset?.index)}${offset?.[1] ?? '+00'}${offset?.[2] ?? ':00'}`,
  );
}

/** `from`: index of the first entry column in the row. */
export function entryFromRow(columns: readonly unknown[], from: number): Entry {
  const row = columns.slice(from) as EntryRow;
  return {
    organization: row[0],
    position: row[1],
    recordedAt: row[2],
    occurredAt: row[3],
    id: row[4],
    action: row[5],
    outcome: outcomes[row[6]] ?? 'UNKNOWN',
    severity: row[7],
    actorType: actorTypes[row[8]] ?? 'ANONYMOUS',
    actor: row[9],
    affectedUser: row[10],
    directory: row[11],
    vault: row[12],
    component: row[13],
    actorName: row[14],
    actorEmail: row[15],
    affectedUserName: row[16],
    affectedUserEmail: row[17],
    directoryName: row[18],
    vaultName: row[19],
    targets: row[20] ?? [],
    // PostgreSQL writes some IPv6 addresses with a dotted end; the digest binds the one text form.
    ip: row[21] === null ? null : normalizeIp(row[21]),
    userAgent: row[22],
    device: row[23],
    session: row[24],
    request: row[25],
    location: row[26],
    changes: row[27],
    metadata: row[28],
  };
}
