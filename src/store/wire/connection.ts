/**
 * A connection on which a statement may take its rows as bytes. node-postgres makes a string of every column of every row
 * before it asks what the columns are; of a page, most columns are read by nobody.
 *
 * Message formats: PostgreSQL’s documentation, “Frontend/Backend Protocol”, version 3.
 */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import pg from 'pg';

/** Takes the description and the rows of its own answer: the contents of those messages, which stay as they are. */
export interface RowTaker {
  describe(bytes: Buffer, at: number): void;
  row(bytes: Buffer, at: number): void;
}

/** What node-postgres’s `Connection` has beside what its types say. */
interface Wired {
  attachListeners(stream: Duplex): void;
  /** Of the statement that is under way; null for one whose rows node-postgres reads itself. */
  taker: RowTaker | null;
  /** Prepared statements whose answers were described here, and found to be what they should. */
  described: Set<string>;
}

const rowDescription = 84;
const dataRow = 68;
/** A type and a length, which counts itself. */
const headerBytes = 5;

/**
 * Cuts a stream into messages, whatever pieces it comes in: descriptions and rows go to the taker, all others in their order
 * to `others`.
 */
export function splitMessages(takerOf: () => RowTaker | null, others: (bytes: Buffer) => void) {
  let parts: Buffer[] = [];
  let held = 0;
  /** Bytes without which the first message is not whole. */
  let needed = headerBytes;
  return (chunk: Buffer): void => {
    if (held + chunk.length < needed) {
      parts.push(chunk);
      held += chunk.length;
      return;
    }
    const bytes = held === 0 ? chunk : Buffer.concat([...parts, chunk]);
    let [from, at] = [0, 0];
    needed = headerBytes;
    while (at + headerBytes <= bytes.length) {
      const length = 1 + bytes.readUInt32BE(at + 1);
      if (at + length > bytes.length) {
        needed = length;
        break;
      }
      const taker = takerOf();
      const type = bytes[at];
      if (taker !== null && (type === dataRow || type === rowDescription)) {
        if (from < at) others(bytes.subarray(from, at));
        if (type === dataRow) taker.row(bytes, at + headerBytes);
        else taker.describe(bytes, at + headerBytes);
        from = at + length;
      }
      at += length;
    }
    if (from < at) others(bytes.subarray(from, at));
    held = bytes.length - at;
    parts = held === 0 ? [] : [bytes.subarray(at)];
  };
}

const wiredOf = (connection: pg.Connection): Wired => connection as unknown as Wired;

/** Gives rows of the connection’s next answers to `taker`; to node-postgres again with null. */
export function takeRows(connection: pg.Connection, taker: RowTaker | null): void {
  wiredOf(connection).taker = taker;
}

/** Names of prepared statements whose columns are known on this connection. */
export const describedOn = (connection: pg.Connection): Set<string> => wiredOf(connection).described;

/** The client of a pool whose connections can do that. */
export class WireClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const wired = wiredOf((this as unknown as { readonly connection: pg.Connection }).connection);
    const attach = wired.attachListeners.bind(wired);
    wired.taker = null;
    wired.described = new Set();
    wired.attachListeners = (stream) => {
      // node-postgres listens for `data` and `end` of what it is given, and for nothing else.
      const others = new EventEmitter();
      attach(others as Duplex);
      stream.on(
        'data',
        splitMessages(
          () => wired.taker,
          (bytes) => others.emit('data', bytes),
        ),
      );
      stream.on('end', () => others.emit('end'));
    };
  }
}
