/** Records rows that came from lines: in batches, patiently, with a word for every row that was refused. */
import { AnnalsError, errorInfo } from '../errors.ts';
import type { EntryInput as SourceEntry } from '../model/entry.ts';
import type { SourceRow } from '../sources/sources.ts';
import { batches } from './batches.ts';
import { type Client, patiently } from './client.ts';
import { type EntryInput, RecordLogsDocument, type RecordLogsMutation, type ViewerQuery } from './generated/graphql.ts';
import { printable } from './output.ts';

/** One request: below the server’s limits on entries and on the body. */
const requestLimits = {
  items: 500,
  size: 4 * 1024 * 1024,
  sizeOf: (row: SourceRow) => ('entry' in row ? Buffer.byteLength(JSON.stringify(row.entry)) : 0),
  idleMs: 500,
};

export type RecordResult = RecordLogsMutation['recordLogs']['results'][number];

/** What became of one line: recorded, or refused here or by the server. */
export type LineResult = RecordResult & { readonly line: number };

/** On stderr, as every command says it. */
export function sayRefused(line: number, { code, message, cure }: NonNullable<RecordResult['error']>): void {
  process.stderr.write(`line ${line}: ${code}: ${printable(message)}\n    ${cure}\n`);
}

/** The exit status of a run in which so many lines were refused. */
export const refusedExit = (refused: number) => (refused > 0 ? errorInfo('ENTRY_INVALID').exit : 0);

/** Throws FORBIDDEN before anything is read that could not be recorded. */
export function requireRecord({ permissions, role }: ViewerQuery['viewer']): void {
  if (permissions.includes('RECORD')) return;
  throw new AnnalsError('FORBIDDEN', { message: `The role ${role.key} lacks the permission RECORD.` });
}

/** A Date becomes text on the wire; everything else has the form of the schema’s input already. */
export function toWire(entry: SourceEntry): EntryInput {
  const { occurredAt, ...rest } = entry;
  return { ...rest, occurredAt: occurredAt instanceof Date ? occurredAt.toISOString() : (occurredAt ?? null) };
}

/** Records one request’s entries, again while a passing fault refuses them: each must carry an idempotency key. */
export async function recordPatiently(
  client: Client,
  entries: readonly EntryInput[],
  beforeWords: () => void,
): Promise<readonly RecordResult[]> {
  const { recordLogs } = await patiently(
    () => client.request(RecordLogsDocument, { input: { entries } }),
    (error) => {
      beforeWords();
      process.stderr.write(`waiting: ${error.code}: ${error.message}\n`);
    },
  );
  return recordLogs.results;
}

/** Records all rows in batches; yields what became of each batch, in the order of its lines, and the bytes that it took. */
export async function* sendRows(
  client: Client,
  rows: AsyncIterable<SourceRow>,
  beforeWords: () => void,
): AsyncGenerator<{ readonly bytes: number; readonly results: readonly LineResult[] }, void, void> {
  for await (const batch of batches(rows, requestLimits)) {
    const entries = batch.flatMap((row) => ('entry' in row ? [toWire(row.entry)] : []));
    const answers = entries.length === 0 ? [] : await recordPatiently(client, entries, beforeWords);
    let answered = 0;
    const results = batch.map((row): LineResult => {
      const { line } = row;
      if ('refusal' in row) return { line, id: null, status: null, error: { ...row.refusal, path: null } };
      const answer = answers[answered++];
      if (answer === undefined)
        throw new AnnalsError('INTERNAL', { message: 'The server answered with too few results.' });
      return { line, ...answer };
    });
    yield { bytes: batch.reduce((sum, row) => sum + row.bytes, 0), results };
  }
}
