import { findServer, openClient } from '../client.ts';
import { openColumns } from '../columns.ts';
import type { CommandInput, Given } from '../command.ts';
import { printEntries } from '../entries.ts';
import { filterOf } from '../filterOptions.ts';
import {
  type NewValueField,
  NewValuesDocument,
  type NewValuesQuery,
  OpenedSecretsDocument,
  type OpenedSecretsQuery,
  StoppedActionsDocument,
  type StoppedActionsQuery,
} from '../generated/graphql.ts';
import { has, moment, operandsOf, text, texts, usage, wholeNumber } from '../options.ts';
import { jsonLine, printable } from '../output.ts';
import { paintFor } from '../show.ts';

const mostLines = 500;

const clientOf = async ({ config }: CommandInput) => openClient(await findServer(config, 'AUDITOR'));

function personOf({ operands }: CommandInput, command: string): string {
  const [person, ...more] = operands;
  if (person !== undefined && more.length === 0) return person;
  throw usage(`${command} takes one PERSON, an id as entries state it.`, `Run \`annals ${command} --help\`.`);
}

function required(options: Given, name: string, now: number): string {
  const found = moment(options, name, now);
  if (found !== undefined) return found;
  throw usage(`--${name} is missing.`, `State it, such as --${name} 30d, or --${name} 2026-01-31.`);
}

const periodOf = (options: Given, now: number) => ({
  since: required(options, 'since', now),
  until: moment(options, 'until', now) ?? null,
});

const linesOf = (options: Given) => wholeNumber(options, 'first', 1, mostLines) ?? mostLines;

/** Lines of a table, or of JSON. */
function printer<T>(
  { options, config, out }: CommandInput,
  heads: readonly string[],
  row: (value: T) => readonly string[],
): (values: readonly T[]) => Promise<void> {
  const isTime = (column: number) => heads[column]?.endsWith('Seen') ?? false;
  const lines = openColumns(heads, paintFor(options, config, out), (column) => (isTime(column) ? 'dim' : null));
  return async (values) => {
    const json = has(options, 'json');
    if (json || values.length > 0) await out.write(json ? values.map(jsonLine).join('') : lines(values.map(row)));
  };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function sayRest(shown: number, all: number, none: string): void {
  if (all === 0) say(none);
  if (all > shown) say(`These are ${shown} of ${all}.`);
}

type Secret = OpenedSecretsQuery['openedSecrets']['secrets'][number];

export async function askOpened(input: CommandInput): Promise<number> {
  const { options } = input;
  const asked = { actor: personOf(input, 'ask opened'), ...periodOf(options, Date.now()), first: linesOf(options) };
  const client = await clientOf(input);
  const { openedSecrets: found } = await client.request(OpenedSecretsDocument, asked);
  const heads = ['lastSeen', 'firstSeen', 'count', 'type', 'id', 'name'];
  const print = printer<Secret>(input, heads, ({ lastSeen, firstSeen, count, type, id, name }) => [
    ...[lastSeen, firstSeen, String(count), printable(type)],
    ...[id, name].map((one) => printable(one ?? '')),
  ]);
  await print(found.secrets);
  sayRest(found.secrets.length, found.secretCount, 'Nothing was opened.');
  if (!found.complete) say('Only the 10,000 entries recorded last were looked at; ask for shorter periods.');
  return 0;
}

const subjects = { item: 'item', place: 'directory', member: 'member' } as const;

export async function askHistory(input: CommandInput): Promise<number> {
  operandsOf(input.operands, 0, 'ask history takes no operands; options say whose history.');
  const given = Object.entries(subjects).flatMap(([option, subject]) => {
    const id = text(input.options, option);
    return id === undefined ? [] : [[subject, id] as const];
  });
  if (given.length !== 1) {
    throw usage('ask history takes one of --item ID, --place ID and --member ID.', 'Run `annals ask history --help`.');
  }
  const variables = { of: Object.fromEntries(given) };
  return printEntries(input, { field: 'history', declared: '$of: HistorySubject!, ', given: 'of: $of, ', variables });
}

export async function askAccount(input: CommandInput): Promise<number> {
  const [member = null] = operandsOf(input.operands, 1, 'ask account takes one MEMBER at most.');
  return printEntries(input, {
    field: 'accountChanges',
    declared: '$member: ID, ',
    given: 'member: $member, ',
    variables: { member },
  });
}

const newFields: ReadonlyMap<string, NewValueField> = new Map([
  ['device', 'DEVICE'],
  ['ip', 'IP'],
  ['action', 'ACTION'],
]);

/** In the order given, each once. */
function fieldsOf(options: Given): readonly NewValueField[] {
  const given = texts(options, 'what') ?? [...newFields.keys()];
  const found = given.map((name) => {
    const field = newFields.get(name.toLowerCase());
    if (field !== undefined) return field;
    throw usage(`--what must be one of ${[...newFields.keys()].join(', ')}, not ${JSON.stringify(name)}.`);
  });
  return [...new Set(found)];
}

interface NewLine extends Omit<NewValuesValue, 'firstEntry'> {
  readonly field: string;
  readonly entry: string | null;
}
type NewValuesValue = NewValuesQuery['newValues']['values'][number];

export async function askNew(input: CommandInput): Promise<number> {
  const { options } = input;
  const asked = { actor: personOf(input, 'ask new'), ...periodOf(options, Date.now()), first: linesOf(options) };
  const fields = fieldsOf(options);
  const client = await clientOf(input);
  const print = printer<NewLine>(
    input,
    ['firstSeen', 'lastSeen', 'count', 'field', 'value'],
    ({ firstSeen, lastSeen, count, field, value }) => [firstSeen, lastSeen, String(count), field, printable(value)],
  );
  let all = 0;
  for (const field of fields) {
    const { newValues: found } = await client.request(NewValuesDocument, { ...asked, field });
    const name = field.toLowerCase();
    await print(
      found.values.map(({ firstEntry, ...value }) => ({ field: name, ...value, entry: firstEntry?.id ?? null })),
    );
    all += found.valueCount;
    if (found.valueCount > found.values.length)
      say(`${name}: these are ${found.values.length} of ${found.valueCount}.`);
    if (!found.complete) say(`${name}: only the 100,000 entries of the period recorded last were looked at.`);
    if (!found.comparedWithAll)
      say(`${name}: compared with the 100,000 entries recorded last of before, not with all.`);
  }
  if (all === 0) say('Nothing is new.');
  return 0;
}

type Stopped = StoppedActionsQuery['stoppedActions']['actions'][number];

export async function askStopped(input: CommandInput): Promise<number> {
  const { options } = input;
  operandsOf(input.operands, 0, 'ask stopped takes no operands; options say which entries.');
  const now = Date.now();
  const { since: _since, until: _until, ...filters } = options;
  const asked = {
    ...periodOf(options, now),
    quietSince: required(options, 'quiet-since', now),
    atLeast: wholeNumber(options, 'at-least', 1, 2 ** 31 - 1) ?? 1,
    first: linesOf(options),
    filter: filterOf(filters, now),
  };
  const client = await clientOf(input);
  const { stoppedActions: found } = await client.request(StoppedActionsDocument, asked);
  const heads = ['lastSeen', 'firstSeen', 'count', 'action', 'name'];
  const print = printer<Stopped>(input, heads, ({ lastSeen, firstSeen, count, action: { key, name } }) => [
    ...[lastSeen ?? '', firstSeen ?? '', String(count)],
    ...[key, name].map(printable),
  ]);
  await print(found.actions);
  sayRest(found.actions.length, found.actionCount, 'Nothing has stopped.');
  return 0;
}
