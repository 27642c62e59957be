import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import type { Config } from '../../config.ts';
import { AnnalsError } from '../../errors.ts';
import { readSource, type SourceKind, type SourceOptions, sourceKinds } from '../../sources/sources.ts';
import { findServer, openClient } from '../client.ts';
import type { CommandInput, Given } from '../command.ts';
import { ViewerDocument } from '../generated/graphql.ts';
import { text, usage } from '../options.ts';
import { openProgress } from '../progress.ts';
import { refusedExit, requireRecord, sayRefused, sendRows } from '../sender.ts';

function kindOf(options: Given): SourceKind {
  const kind = sourceKinds.find((one) => one === options.from);
  if (kind !== undefined) return kind;
  throw usage(`--from must be one of ${sourceKinds.join(', ')}.`, 'Run `annals import --help`.');
}

function yearOf(options: Given): number | undefined {
  const year = text(options, 'year');
  if (year === undefined) return undefined;
  if (/^\d{4}$/.test(year)) return Number(year);
  throw usage(`--year must be a year such as 2026, not ${JSON.stringify(year)}.`);
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

function timesOf(options: Given): Times {
  const year = yearOf(options);
  const timeZone = text(options, 'time-zone');
  return { ...(year === undefined ? {} : { year }), ...(timeZone === undefined ? {} : { timeZone }) };
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

const number = (value: number) => value.toLocaleString('en');

export async function runImport(input: CommandInput): Promise<number> {
  const { options, config, operands } = input;
  const kind = kindOf(options);
  const times = timesOf(options);
  const [path, ...more] = operands;
  if (path === undefined || more.length > 0) throw usage('import takes one FILE, or - for standard input.');
  const { chunks, total } = await openInput(path);
  const client = openClient(await findServer(config, 'INTEGRATION'));
  const { viewer } = await client.request(ViewerDocument, {});
  requireRecord(viewer);
  const progress = openProgress(process.stderr);
  const counts = { recorded: 0, repeated: 0, refused: 0 };
  let done = 0;
  const rows = readSource(kind, chunks, sourceOptions(times, config, viewer.organization.id));
  for await (const { bytes, results } of sendRows(client, rows, progress.clear)) {
    for (const { line, status, error } of results) {
      if (error !== null) {
        counts.refused++;
        progress.clear();
        sayRefused(line, error);
      } else if (status === 'REPEATED') counts.repeated++;
      else counts.recorded++;
    }
    done += bytes;
    const { recorded, repeated, refused } = counts;
    const words = `${number(recorded)} recorded, ${number(repeated)} known, ${number(refused)} refused`;
    progress.show(done, total, words);
  }
  progress.clear();
  const { recorded, repeated, refused } = counts;
  await input.out.write(
    `${number(recorded)} recorded, ${number(repeated)} known from before, ${number(refused)} refused; into ${viewer.organization.name} at ${client.url}\n`,
  );
  return refusedExit(refused);
}
