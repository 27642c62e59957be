/** A statement whose rows are entries, taken from the wire as they come. */
import pg from 'pg';
import type { Entry } from '../../model/entry.ts';
import { textArray } from '../arrays.ts';
import { describedOn, type RowTaker, takeRows } from './connection.ts';
import { entryAt, entryTypeIds, newEntryRows } from './entry.ts';
import { typesOf } from './rows.ts';

/** What node-postgres’s own statement does, and its client calls, beside what its types say. */
interface Statement {
  readonly name?: string;
  readonly values?: readonly unknown[];
  readonly callback?: (error: unknown, result?: unknown) => void;
  submit(connection: pg.Connection): Error | null;
  hasBeenParsed(connection: pg.Connection): boolean;
  prepare(connection: pg.Connection): void;
  handleError(error: unknown, connection: pg.Connection): void;
  handleReadyForQuery(connection: pg.Connection): void;
}
interface StatementConfig extends pg.QueryConfig<unknown[]> {
  /** Asks for values in PostgreSQL’s binary formats. */
  readonly binary: true;
}
const Statement = pg.Query as unknown as new (config: StatementConfig) => Statement;

/** What node-postgres’s connection sends; what is sent together goes in one piece. */
interface Sender {
  bind(config: {
    readonly statement: string;
    readonly values: readonly unknown[];
    readonly binary: true;
    readonly valueMapper: (value: unknown) => string | Buffer | null;
  }): void;
  execute(config: null): void;
  sync(): void;
}

/** A parameter in the form in which it is sent; of what statements of entries have for parameters, as node-postgres sends it. */
function sentAs(value: unknown): string | Buffer | null {
  if (value === null || typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return textArray(value, (one) => (one === null ? null : String(one)));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TypeError(`a parameter is ${typeof value}`);
}

/** Of these, and of a row of nulls null. */
export type Entries = readonly (Entry | null)[];

/**
 * Its result is `Entries`, in the order of the rows. Runs on a `WireClient`, with a callback. Its own members are private to
 * JavaScript too: node-postgres gives a meaning to names such as `rows`.
 */
export class EntryQuery extends Statement implements RowTaker {
  readonly #rows = newEntryRows();
  #fault: unknown = null;
  #described: Set<string> | null = null;

  constructor(text: string, values: unknown[], name: string | undefined) {
    super({ text, values, binary: true, ...(name === undefined ? {} : { name }) });
  }

  override submit(connection: pg.Connection): Error | null {
    takeRows(connection, this);
    return super.submit(connection);
  }

  /** One that is prepared need not be described again: its columns stay what they are. */
  override prepare(connection: pg.Connection): void {
    const { name, values = [] } = this;
    this.#described = describedOn(connection);
    if (name === undefined || !this.hasBeenParsed(connection) || !this.#described.has(name)) {
      super.prepare(connection);
      return;
    }
    const sender = connection as unknown as Sender;
    sender.bind({ statement: name, values, binary: true, valueMapper: sentAs });
    sender.execute(null);
    sender.sync();
  }

  describe(bytes: Buffer, at: number): void {
    const types = typesOf(bytes, at);
    if (types.length === entryTypeIds.length && types.every((type, index) => type === entryTypeIds[index])) {
      if (this.name !== undefined) this.#described?.add(this.name);
      return;
    }
    this.#fault ??= new TypeError(`the columns of an entry have other types: ${types.join(' ')}`);
  }

  row(bytes: Buffer, at: number): void {
    if (this.#fault !== null) return;
    try {
      this.#rows.add(bytes, at);
    } catch (error) {
      this.#fault = error;
    }
  }

  override handleError(error: unknown, connection: pg.Connection): void {
    takeRows(connection, null);
    super.handleError(error, connection);
  }

  override handleReadyForQuery(connection: pg.Connection): void {
    takeRows(connection, null);
    try {
      if (this.#fault === null) this.callback?.(null, this.#entries());
      else this.callback?.(this.#fault);
    } catch (error) {
      // Not here: the connection goes on.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #entries(): Entries {
    const rows = this.#rows;
    const entries: (Entry | null)[] = [];
    for (let row = 0; row < rows.count; row++) entries.push(entryAt(rows, row));
    return entries;
  }
}
