import { Buffer } from 'node:buffer';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { EntryInput } from '../model/entry.ts';
import { LineCounter, openLineKeys } from './keys.ts';
import { decodeLine, type Line, LineSplitter, lineLimit } from './lines.ts';
import { parseEntry } from './ndjson.ts';
import { openPassworkMapping } from './passwork.ts';
import { type Refusal, refuse } from './refusal.ts';
import { openClock } from './time.ts';

export const sourceKinds = ['passwork', 'ndjson'] as const;
export type SourceKind = (typeof sourceKinds)[number];

export interface SourceOptions {
  readonly catalogue: Catalogue;
  /** The year of times without one; left out: the latest that puts them at most a day after now. */
  readonly year?: number;
  /** IANA name, for times without a zone; left out: the system’s. */
  readonly timeZone?: string;
  readonly now: () => Date;
  /** Secret of the keyed hashes that make a second run add nothing; it must be the same for both runs. */
  readonly key: Uint8Array;
}

/** What one non-blank line became. */
export type SourceRow = {
  /** Counted from 1; blank lines count too. */
  readonly line: number;
  /** Bytes read since the row before: they add up to how far the input was read. */
  readonly bytes: number;
} & ({ readonly entry: EntryInput } | Refusal);

type ReadLine = (content: Buffer) => EntryInput | Refusal;

function openReader(kind: SourceKind, options: SourceOptions): ReadLine {
  if (kind === 'ndjson') return parseEntry;
  const map = openPassworkMapping(options.catalogue, openClock(options));
  return (content) => {
    const { text, notes } = decodeLine(content);
    return map(text, notes);
  };
}

/**
 * Reads a product’s own output as entries, one row for every line that is not blank, in order. A line that cannot be
 * an entry becomes a row with a refusal and stops nothing.
 *
 * @param chunks the input as a stream gives it: chunks of any size, not lines; strings are taken as UTF-8.
 * @throws AnnalsError BAD_INPUT at once for a year or time zone that is none; while reading, beyond 20 million
 *   different lines, or whatever `chunks` throws.
 */
export function readSource(
  kind: SourceKind,
  chunks: AsyncIterable<string | Uint8Array>,
  options: SourceOptions,
): AsyncIterable<SourceRow> {
  const read = openReader(kind, options);
  const counter = new LineCounter();
  const keyOf = openLineKeys(options.key, kind);
  const toRow = ({ line, bytes, content }: Line): SourceRow => {
    if (content === null) {
      const limit = `the line is longer than ${lineLimit / 1024} KiB`;
      return { line, bytes, ...refuse(limit, 'Shorten or leave out what the line carries.', 'ENTRY_TOO_LARGE') };
    }
    const result = read(content);
    if ('refusal' in result) return { line, bytes, ...result };
    if (typeof result.idempotencyKey === 'string') return { line, bytes, entry: result };
    return { line, bytes, entry: { ...result, idempotencyKey: keyOf(content, counter.next(content)) } };
  };
  return readRows(chunks, toRow);
}

async function* readRows(
  chunks: AsyncIterable<string | Uint8Array>,
  toRow: (line: Line) => SourceRow,
): AsyncGenerator<SourceRow> {
  const splitter = new LineSplitter();
  for await (const chunk of chunks) {
    for (const line of splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) yield toRow(line);
  }
  for (const line of splitter.end()) yield toRow(line);
}
