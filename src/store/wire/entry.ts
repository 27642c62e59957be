/** Entries over the rows of their answer: a field is read when it is asked for, so that a page costs what it shows. */
import { actorTypes, type Change, type Entry, type Json, outcomes, type Target } from '../../model/entry.ts';
import { normalizeIp } from '../../model/ip.ts';
import { oid } from '../binary.ts';
import { WireRows } from './rows.ts';

/** What stands in which of `entryColumns`. */
const columns = [
  ['organization', 'int4'],
  ['position', 'int8'],
  ['recordedAt', 'timestamptz'],
  ['occurredAt', 'timestamptz'],
  ['id', 'uuid'],
  ['action', 'int4'],
  ['outcome', 'int2'],
  ['severity', 'int2'],
  ['actorType', 'int2'],
  ['actor', 'int4'],
  ['affectedUser', 'int4'],
  ['directory', 'int4'],
  ['vault', 'int4'],
  ['component', 'text'],
  ['actorName', 'text'],
  ['actorEmail', 'text'],
  ['affectedUserName', 'text'],
  ['affectedUserEmail', 'text'],
  ['directoryName', 'text'],
  ['vaultName', 'text'],
  ['targets', 'jsonb'],
  ['ip', 'inet'],
  ['userAgent', 'text'],
  ['device', 'text'],
  ['session', 'text'],
  ['request', 'text'],
  ['location', 'text'],
  ['changes', 'jsonb'],
  ['metadata', 'jsonb'],
] as const satisfies readonly (readonly [keyof Entry, keyof typeof oid])[];

/** The types that an answer of `entryColumns` has. */
export const entryTypeIds: readonly number[] = columns.map(([, type]) => oid[type]);

const at = Object.fromEntries(columns.map(([field], index) => [field, index])) as Record<keyof Entry, number>;

export const newEntryRows = (): WireRows => new WireRows(columns.length);

/** The entry in a row; null where its columns are. */
export const entryAt = (rows: WireRows, row: number): Entry | null =>
  rows.isNull(row, at.organization) ? null : new WireEntry(rows, row);

/**
 * An answer’s bytes stay in memory as long as one of its entries: what keeps entries copies them, as `plainEntry` does. Its
 * fields are those of its class, and a spread has none of them.
 */
class WireEntry implements Entry {
  private readonly rows: WireRows;
  private readonly row: number;

  constructor(rows: WireRows, row: number) {
    this.rows = rows;
    this.row = row;
  }

  get organization() {
    return this.rows.int4(this.row, at.organization);
  }
  get position() {
    return this.rows.int8(this.row, at.position);
  }
  get recordedAt() {
    return this.rows.timestamptz(this.row, at.recordedAt);
  }
  get occurredAt() {
    return this.rows.timestamptz(this.row, at.occurredAt);
  }
  get id() {
    return this.rows.uuid(this.row, at.id);
  }
  get action() {
    return this.rows.int4(this.row, at.action);
  }
  get outcome() {
    return outcomes[this.rows.int2(this.row, at.outcome)] ?? 'UNKNOWN';
  }
  get severity() {
    return this.rows.int2(this.row, at.severity);
  }
  get actorType() {
    return actorTypes[this.rows.int2(this.row, at.actorType)] ?? 'ANONYMOUS';
  }
  get actor() {
    return this.rows.int4OrNull(this.row, at.actor);
  }
  get affectedUser() {
    return this.rows.int4OrNull(this.row, at.affectedUser);
  }
  get directory() {
    return this.rows.int4OrNull(this.row, at.directory);
  }
  get vault() {
    return this.rows.int4OrNull(this.row, at.vault);
  }
  get component() {
    return this.rows.text(this.row, at.component);
  }
  get actorName() {
    return this.rows.text(this.row, at.actorName);
  }
  get actorEmail() {
    return this.rows.text(this.row, at.actorEmail);
  }
  get affectedUserName() {
    return this.rows.text(this.row, at.affectedUserName);
  }
  get affectedUserEmail() {
    return this.rows.text(this.row, at.affectedUserEmail);
  }
  get directoryName() {
    return this.rows.text(this.row, at.directoryName);
  }
  get vaultName() {
    return this.rows.text(this.row, at.vaultName);
  }
  get targets() {
    return (this.rows.jsonb(this.row, at.targets) as readonly Target[] | null) ?? [];
  }
  get ip() {
    const bytes = this.rows.inet(this.row, at.ip);
    return bytes === null ? null : ipFromBytes(bytes);
  }
  get userAgent() {
    return this.rows.text(this.row, at.userAgent);
  }
  get device() {
    return this.rows.text(this.row, at.device);
  }
  get session() {
    return this.rows.text(this.row, at.session);
  }
  get request() {
    return this.rows.text(this.row, at.request);
  }
  get location() {
    return this.rows.text(this.row, at.location);
  }
  get changes() {
    return this.rows.jsonb(this.row, at.changes) as readonly Change[] | null;
  }
  get metadata() {
    return this.rows.jsonb(this.row, at.metadata) as { readonly [key: string]: Json } | null;
  }
}

/** The one text form of an address of 4 or 16 bytes. */
function ipFromBytes(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  return normalizeIp(bytes.toString('hex').replace(/.{4}(?!$)/g, '$&:'));
}
