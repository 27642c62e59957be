/** Rows as they came over the wire, in PostgreSQL’s binary formats; values are made of them when they are asked for. */
import { uuidFromBytes } from '../../model/uuid.ts';
import { epoch } from '../binary.ts';

/** Values per row with which room is made; it grows. */
const firstRows = 64;

const absent = -1;

const int16 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16)) >> 16;
const int32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
/** Exact up to 2^53. */
const int64 = (bytes: Uint8Array, at: number): number => int32(bytes, at) * 2 ** 32 + (int32(bytes, at + 4) >>> 0);

/** The type of each column of a RowDescription, by object id. */
export function typesOf(bytes: Buffer, start: number): number[] {
  const types: number[] = [];
  let at = start + 2;
  for (let left = int16(bytes, start); left > 0; left--) {
    // A name, which ends with a zero; the table (4), the column (2), the type (4), its size (2), its modifier (4), the format (2).
    const end = bytes.indexOf(0, at) + 1;
    types.push(int32(bytes, end + 6));
    at = end + 18;
  }
  return types;
}

/** Columns are counted from 0. Asked for as another type than it has, a value is something else. */
export class WireRows {
  /** Rows so far. */
  count = 0;
  private readonly columns: number;
  private readonly bytes: Buffer[] = [];
  /** Where each value begins in the bytes of its row; `absent` for null. */
  private starts: Int32Array;

  constructor(columns: number) {
    this.columns = columns;
    this.starts = new Int32Array(firstRows * columns);
  }

  /** `at`: where the contents of a DataRow begin. */
  add(bytes: Buffer, at: number): void {
    const { columns, count } = this;
    if (int16(bytes, at) !== columns) throw new TypeError(`a row has ${int16(bytes, at)} columns, not ${columns}`);
    let index = count * columns;
    if (index === this.starts.length) {
      const larger = new Int32Array(2 * index);
      larger.set(this.starts);
      this.starts = larger;
    }
    for (let value = at + 2, end = index + columns; index < end; index++) {
      const length = int32(bytes, value);
      value += 4;
      this.starts[index] = length < 0 ? absent : value;
      if (length > 0) value += length;
    }
    this.bytes.push(bytes);
    this.count = count + 1;
  }

  isNull(row: number, column: number): boolean {
    return this.start(row, column) === absent;
  }

  int2(row: number, column: number): number {
    return int16(this.of(row), this.start(row, column));
  }

  int4(row: number, column: number): number {
    return int32(this.of(row), this.start(row, column));
  }

  int4OrNull(row: number, column: number): number | null {
    return this.isNull(row, column) ? null : this.int4(row, column);
  }

  int8(row: number, column: number): number {
    return int64(this.of(row), this.start(row, column));
  }

  /** Milliseconds since 1970, of a column that has no finer times: microseconds of distant years are not exact here. */
  timestamptz(row: number, column: number): number {
    return epoch + Math.round(this.int8(row, column) / 1000);
  }

  text(row: number, column: number): string | null {
    const start = this.start(row, column);
    return start === absent ? null : this.of(row).toString('utf8', start, this.end(row, start));
  }

  uuid(row: number, column: number): string {
    return uuidFromBytes(this.of(row), this.start(row, column));
  }

  jsonb(row: number, column: number): unknown {
    const start = this.start(row, column);
    // One byte says the version of the format, which is 1: text.
    return start === absent ? null : JSON.parse(this.of(row).toString('utf8', start + 1, this.end(row, start)));
  }

  /** The bytes of an address: 4 or 16. */
  inet(row: number, column: number): Buffer | null {
    const start = this.start(row, column);
    // The family, the bits of the network, whether it is one, and the number of bytes stand before.
    return start === absent ? null : this.of(row).subarray(start + 4, this.end(row, start));
  }

  private of(row: number): Buffer {
    return this.bytes[row] as Buffer;
  }

  private start(row: number, column: number): number {
    return this.starts[row * this.columns + column] ?? absent;
  }

  private end(row: number, start: number): number {
    return start + int32(this.of(row), start - 4);
  }
}
