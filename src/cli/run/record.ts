import { randomBytes, randomUUID } from 'node:crypto';
import { AnnalsError, type ErrorCode, errorTable } from '../../errors.ts';
import { actorTypes, outcomes } from '../../model/entry.ts';
import { type Client, findServer, openClient } from '../client.ts';
import type { CommandInput, Given } from '../command.ts';
import { type EntryInput, ViewerDocument } from '../generated/graphql.ts';
import { has, jsonObject, moment, oneOf, text, texts, usage, wholeNumber } from '../options.ts';
import { jsonLine, type Output } from '../output.ts';
import { type LineResult, recordPatiently, refusedExit, requireRecord, sayRefused, sendRows } from '../sender.ts';

/** An object of the options that were given; undefined where none was. */
function given<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T | undefined {
  const stated = Object.entries(members).filter(([, value]) => value !== undefined);
  return stated.length === 0 ? undefined : (Object.fromEntries(stated) as T);
}

function targetOf(value: string) {
  const [, type, id, name] = /^([^:]+):([^:]*)(?::(.*))?$/s.exec(value) ?? [];
  if (type === undefined || id === undefined)
    throw usage(`--target must be TYPE:ID or TYPE:ID:NAME, not ${JSON.stringify(value)}.`);
  return { type, id: id === '' ? null : id, name: name ?? null };
}

function placeOf(options: Given, kind: 'vault' | 'directory') {
  const id = text(options, kind);
  const name = text(options, `${kind}-name`);
  if (id === undefined && name !== undefined) throw usage(`--${kind}-name needs --${kind}.`);
  return id === undefined ? undefined : { id, name: name ?? null };
}

function entryOf(action: string, options: Given): EntryInput {
  const person = (kind: string) => ({
    id: text(options, kind),
    name: text(options, `${kind}-name`),
    email: text(options, `${kind}-email`),
  });
  const rest = given<Omit<EntryInput, 'action'>>({
    occurredAt: moment(options, 'occurred-at', Date.now()),
    outcome: oneOf(options, 'outcome', outcomes),
    severity: wholeNumber(options, 'severity', 1, 10),
    component: text(options, 'component'),
    actor: given({ type: oneOf(options, 'actor-type', actorTypes), ...person('actor') }),
    affectedUser: given(person('affected')),
    vault: placeOf(options, 'vault'),
    directory: placeOf(options, 'directory'),
    targets: texts(options, 'target')?.map(targetOf),
    ip: text(options, 'ip'),
    userAgent: text(options, 'user-agent'),
    device: text(options, 'device'),
    session: text(options, 'session'),
    request: text(options, 'request'),
    location: text(options, 'location'),
    metadata: jsonObject(options, 'metadata'),
  });
  // Without a key a request that was cut off could not be sent again.
  return { action, ...rest, idempotencyKey: text(options, 'key') ?? randomUUID() };
}

const asLine = ({ line, id, status, error }: LineResult, json: boolean): string => {
  if (json) return jsonLine({ line, status, id, error });
  return error === null ? `${status} ${id}\n` : '';
};

async function recordOne(client: Client, entry: EntryInput, json: boolean, out: Output): Promise<number> {
  const [result] = await recordPatiently(client, [entry], () => {});
  if (result === undefined) throw new AnnalsError('INTERNAL', { message: 'The server answered without a result.' });
  await out.write(asLine({ line: 1, ...result }, json));
  const { error } = result;
  if (error === null) return 0;
  const code = error.code in errorTable ? (error.code as ErrorCode) : 'ENTRY_INVALID';
  throw new AnnalsError(code, { message: error.message, cure: error.cure });
}

async function recordLines(client: Client, json: boolean, out: Output): Promise<number> {
  const [{ readSource }, { openCatalogue }] = await Promise.all([
    import('../../sources/sources.ts'),
    import('../../catalogue/catalogue.ts'),
  ]);
  // A secret of this run: the same line in another run is another entry.
  const options = { catalogue: openCatalogue({ files: [] }), now: () => new Date(), key: randomBytes(32) };
  let refused = 0;
  for await (const { results } of sendRows(client, readSource('ndjson', process.stdin, options), () => {})) {
    for (const { line, error } of results) {
      if (error === null) continue;
      refused++;
      sayRefused(line, error);
    }
    await out.write(results.map((result) => asLine(result, json)).join(''));
  }
  return refusedExit(refused);
}

export async function runRecord({ config, options, operands, out }: CommandInput): Promise<number> {
  const [action, ...more] = operands;
  if (action === undefined || more.length > 0)
    throw usage('record takes one ACTION, or - for standard input.', 'Run `annals record --help`.');
  const json = has(options, 'json');
  const stated = Object.keys(options).filter((name) => name !== 'json');
  if (action === '-' && stated.length > 0)
    throw usage(`--${stated[0]} describes one entry; with - every line describes its own.`);
  const entry = action === '-' ? null : entryOf(action, options);
  const client = openClient(await findServer(config, 'INTEGRATION'));
  if (entry !== null) return recordOne(client, entry, json, out);
  requireRecord((await client.request(ViewerDocument, {})).viewer);
  return recordLines(client, json, out);
}
