import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { readSource, type SourceKind, type SourceOptions, type SourceRow } from '../../src/sources/sources.ts';

export const catalogue = openCatalogue();

export const options: SourceOptions = {
  catalogue,
  timeZone: 'Europe/Berlin',
  now: () => new Date('2026-11-22T12:00:00Z'),
  key: new Uint8Array(32).fill(7),
};

export function fixture(name: string): string {
  return join(import.meta.dirname, 'fixtures', name);
}

async function gather(source: AsyncIterable<SourceRow>): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of source) rows.push(row);
  return rows;
}

/** All rows of an input given in whole. */
export async function rowsOf(
  kind: SourceKind,
  input: string | Uint8Array | readonly Uint8Array[],
  changes: Partial<SourceOptions> = {},
): Promise<SourceRow[]> {
  const chunks = Readable.from(typeof input === 'string' || input instanceof Uint8Array ? [input] : input);
  return gather(readSource(kind, chunks, { ...options, ...changes }));
}

export function rowsOfFile(kind: SourceKind, name: string): Promise<SourceRow[]> {
  return gather(readSource(kind, createReadStream(fixture(name), { highWaterMark: 97 }), options));
}

/** The entry of a row that must have one. */
export function entryOf(row: SourceRow | undefined) {
  if (row === undefined || 'refusal' in row) throw new Error(`no entry: ${row?.refusal.message}`);
  return row.entry;
}

/** The refusal of a row that must have one. */
export function refusalOf(row: SourceRow | undefined) {
  if (row === undefined || !('refusal' in row)) throw new Error('no refusal');
  return row.refusal;
}
