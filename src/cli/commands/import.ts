import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import type { Config } from '../../config.ts';
import { AnnalsError, errorInfo } from '../../errors.ts';
import type { EntryInput as SourceEntry } from '../../model/entry.ts';
import { readSource, type SourceKind, type SourceOptions, type SourceRow, sourceKinds } from '../../sources/sources.ts';
import { batches } from '../batches.ts';
import { type Client, findServer, openClient, patiently } from '../client.ts';
import type { Command, CommandInput } from '../command.ts';
import { type EntryInput, RecordLogsDocument, ViewerDocument } from '../generated/graphql.ts';
import { openProgress, type Progress } from '../progress.ts';

/** One request: below the server’s limits on entries and on the body. */
const requestLimits = {
  items: 500,
  size: 4 * 1024 * 1024,
  sizeOf: (row: SourceRow) => ('entry' in row ? Buffer.byteLength(JSON.stringify(row.entry)) : 0),
  idleMs: 500,
};

interface Counts {
  recorded: number;
  repeated: number;
  refused: number;
}

/** Entries under way, each with the line it came from. */
type Pending = { readonly line: number; readonly entry: EntryInput }[];

function kindOf(from: string | boolean | undefined): SourceKind {
  const kind = sourceKinds.find((one) => one === from);
  if (kind !== undefined) return kind;
  throw new AnnalsError('USAGE', {
    message: `--from must be one of ${sourceKinds.join(', ')}.`,
    cure: 'Run `annals import --help`.',
  });
}

function yearOf(year: string | boolean | undefined): number | undefined {
  if (year === undefined) return undefined;
  if (typeof year === 'string' && /^\d{4}$/.test(year)) return Number(year);
  throw new AnnalsError('USAGE', { message: `--year must be a year such as 2026, not ${JSON.stringify(year)}.` });
}

async function openInput(path: string): Promise<{ chunks: AsyncIterable<Uint8Array | string>; total: number | null }> {
  if (path === '-') return { chunks: process.stdin, total: null };
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new AnnalsError('USAGE', {
      message: `${path} cannot be read.`,
      cure: 'Name a file that exists and that you may read, or - for standard input.',
      cause,
    });
  });
  return { chunks: createReadStream(path), total: size };
}

type Times = Pick<SourceOptions, 'year' | 'timeZone'>;

function timesOf(options: CommandInput['options']): Times {
  const year = yearOf(options.year);
  const timeZone = options['time-zone'];
  return { ...(year === undefined ? {} : { year }), ...(typeof timeZone === 'string' ? { timeZone } : {}) };
}

function sourceOptions(times: Times, config: Config, organizationId: string): SourceOptions {
  return {
    ...times,
    catalogue: openCatalogue({ files: config.catalogueFiles }),
    now: () => new Date(),
    // The same lines give the same keys in the same organization wherever they are imported from; the server remembers
    // them under a keyed hash of its own.
    key: Buffer.from(organizationId),
  };
}

/** Sends rows and counts what became of them; refusals go to stderr with their line. */
function openSender(client: Client, progress: Progress) {
  const counts: Counts = { recorded: 0, repeated: 0, refused: 0 };
  const refuse = (line: number, { code, message, cure }: { code: string; message: string; cure: string }) => {
    counts.refused++;
    progress.clear();
    process.stderr.write(`line ${line}: ${code}: ${message}\n    ${cure}\n`);
  };
  const send = async (rows: Pending) => {
    if (rows.length === 0) return;
    const input = { entries: rows.map(({ entry }) => entry) };
    const { recordLogs } = await patiently(
      () => client.request(RecordLogsDocument, { input }),
      (error) => {
        progress.clear();
        process.stderr.write(`waiting: ${error.code}: ${error.message}\n`);
      },
    );
    recordLogs.results.forEach((result, index) => {
      if (result.error) refuse(rows[index]?.line ?? 0, result.error);
      else if (result.status === 'REPEATED') counts.repeated++;
      else counts.recorded++;
    });
  };
  return { counts, refuse, send };
}

/** A Date becomes text on the wire; everything else has the form of the schema’s input already. */
function toWire(entry: SourceEntry): EntryInput {
  const { occurredAt, ...rest } = entry;
  return { ...rest, occurredAt: occurredAt instanceof Date ? occurredAt.toISOString() : (occurredAt ?? null) };
}

const number = (value: number) => value.toLocaleString('en');

async function run(input: CommandInput): Promise<number> {
  const kind = kindOf(input.options.from);
  const times = timesOf(input.options);
  const [path, ...more] = input.operands;
  if (path === undefined || more.length > 0)
    throw new AnnalsError('USAGE', { message: 'import takes one FILE, or - for standard input.' });
  const { chunks, total } = await openInput(path);
  const client = openClient(await findServer(input.config, 'INTEGRATION'));
  const { viewer } = await client.request(ViewerDocument, {});
  if (!viewer.permissions.includes('RECORD')) {
    throw new AnnalsError('FORBIDDEN', { message: `The role ${viewer.role.key} lacks the permission RECORD.` });
  }
  const progress = openProgress(process.stderr);
  const { counts, refuse, send } = openSender(client, progress);
  let done = 0;
  const rows = readSource(kind, chunks, sourceOptions(times, input.config, viewer.organization.id));
  for await (const batch of batches(rows, requestLimits)) {
    const pending: Pending = [];
    for (const row of batch) {
      done += row.bytes;
      if ('refusal' in row) refuse(row.line, row.refusal);
      else pending.push({ line: row.line, entry: toWire(row.entry) });
    }
    await send(pending);
    progress.show(
      done,
      total,
      `${number(counts.recorded)} recorded, ${number(counts.repeated)} known, ${number(counts.refused)} refused`,
    );
  }
  progress.clear();
  const { recorded, repeated, refused } = counts;
  process.stdout.write(
    `${number(recorded)} recorded, ${number(repeated)} known from before, ${number(refused)} refused; into ${viewer.organization.name} at ${client.url}\n`,
  );
  return refused > 0 ? errorInfo('ENTRY_INVALID').exit : 0;
}

export const importCommand: Command = {
  name: 'import',
  usage: '--from KIND FILE|-',
  summary: 'Records a product’s own log, or entries as ndjson; running it twice adds nothing.',
  options: {
    from: { type: 'string', value: 'KIND', doc: `What the input is: ${sourceKinds.join(' or ')} (docs/sources.md).` },
    year: {
      type: 'string',
      value: 'YEAR',
      doc: 'The year of times that carry none (RFC 3164). Default: the latest that fits.',
    },
    'time-zone': {
      type: 'string',
      value: 'ZONE',
      doc: 'The zone of times that carry none, such as Europe/Berlin. Default: the system’s.',
    },
  },
  run,
};
