/**
 * Arrays as parameters; of numbers, times and bytes in PostgreSQL’s binary format (`array_recv`), so that neither side writes
 * them as text and reads them again.
 */
import { writeUuid } from '../model/uuid.ts';
import { epoch, oid as oids } from './binary.ts';

/** How a value of a type is sent. */
export interface ElementType<Value> {
  /** Object id of the type. */
  readonly oid: number;
  bytes(value: Value): number;
  write(value: Value, target: Buffer, at: number): void;
}

export const int2: ElementType<number> = {
  oid: oids.int2,
  bytes: () => 2,
  write: (value, target, at) => void target.writeInt16BE(value, at),
};
export const int4: ElementType<number> = {
  oid: oids.int4,
  bytes: () => 4,
  write: (value, target, at) => void target.writeInt32BE(value, at),
};
/** Milliseconds since 1970. */
export const timestamptz: ElementType<number> = {
  oid: oids.timestamptz,
  bytes: () => 8,
  write(value, target, at) {
    // Of distant years they are not exact; columns of milliseconds round them.
    const microseconds = (value - epoch) * 1000;
    target.writeInt32BE(Math.floor(microseconds / 2 ** 32), at);
    target.writeInt32BE(microseconds | 0, at + 4);
  },
};
export const uuid: ElementType<string> = { oid: oids.uuid, bytes: () => 16, write: writeUuid };
export const bytea: ElementType<Uint8Array> = {
  oid: oids.bytea,
  bytes: (value) => value.length,
  write: (value, target, at) => target.set(value, at),
};

/** One dimension, whether a null is in it, the type; its length, the index of the first. */
const headerBytes = 20;

/** The array of what `pick` gives for each row. */
export function binaryArray<Row, Value>(
  rows: readonly Row[],
  { oid, bytes, write }: ElementType<Value>,
  pick: (row: Row) => Value | null,
): Buffer {
  const values = rows.map(pick);
  const size = values.reduce<number>((sum, value) => sum + 4 + (value === null ? 0 : bytes(value)), headerBytes);
  const array = Buffer.allocUnsafe(size);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  array.writeInt32BE(values.length, 12);
  array.writeInt32BE(1, 16);
  let at = headerBytes;
  for (const value of values) {
    const length = value === null ? -1 : bytes(value);
    array.writeInt32BE(length, at);
    at += 4;
    if (value === null) continue;
    write(value, array, at);
    at += length;
  }
  return array;
}

const special = /["\\]/;
const everySpecial = /["\\]/g;
const quoted = (value: string): string => `"${special.test(value) ? value.replace(everySpecial, '\\$&') : value}"`;

/**
 * An array of texts, as a literal: one text for all costs less here than many. They are quoted, so that commas, braces and
 * NULL stand for themselves.
 */
export function textArray<Row>(rows: readonly Row[], pick: (row: Row) => string | null): string {
  let literal = '';
  for (const row of rows) {
    const value = pick(row);
    if (literal !== '') literal += ',';
    literal += value === null ? 'NULL' : quoted(value);
  }
  return `{${literal}}`;
}
