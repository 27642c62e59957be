/** Options that say which entries, and the filter that they make: the one of `logs` and `logAdded`. */

import { actorTypes, outcomes } from '../model/entry.ts';
import type { CommandOptions, Given } from './command.ts';
import type { LogFilter } from './generated/graphql.ts';
import { jsonObject, moment, text, texts, usage } from './options.ts';

const ids = (value: string, doc: string) => ({ type: 'string', value, doc, multiple: true }) as const;
const time = (doc: string) => ({ type: 'string', value: 'TIME', doc }) as const;

export const filterOptions = {
  action: ids('KEY', 'The action, such as passwork.item_viewed.'),
  category: ids('KEY', 'The event category, such as passwork.vaults.'),
  catalogue: ids('KEY', 'The catalogue, such as enpass.'),
  group: ids('NAME', 'The action’s group inside its category, such as “Vault Management”.'),
  actor: ids('ID', 'Who did it.'),
  affected: ids('ID', 'To whom it was done.'),
  'actor-type': {
    ...ids('TYPE', `What kind of actor did it: ${actorTypes.join(', ')}.`),
    choices: actorTypes,
  },
  vault: ids('ID', 'The vault that the entry names.'),
  directory: ids('ID', 'The vault or folder it happened in.'),
  under: ids('ID', 'The vault or folder it happened in, or anywhere under it.'),
  target: ids('ID', 'What it was done to.'),
  'target-type': ids('TYPE', 'The type of what it was done to, such as item.'),
  outcome: {
    type: 'string',
    value: 'OUTCOME',
    doc: `How it ended: ${outcomes.join(', ')}.`,
    multiple: true,
    choices: outcomes,
  },
  severity: {
    type: 'string',
    value: 'MIN[-MAX]',
    doc: 'How serious it is, 1 to 10: 7 for 7 or more, 3-5 for a range.',
  },
  component: ids('NAME', 'The part of the product, such as web.'),
  ip: ids('ADDRESS', 'The address it came from, or a network: 192.0.2.10, 10.0.0.0/8, 2001:db8::/32.'),
  'user-agent': ids('TEXT', 'The client program.'),
  device: ids('TEXT', 'The device.'),
  session: ids('ID', 'The session.'),
  request: ids('ID', 'The request.'),
  location: ids('TEXT', 'Where in the world.'),
  metadata: ids(
    'KEY[=VALUE]',
    'A value inside the metadata, such as client.version=7.2.1: with a value of each key; without =, that the key is there.',
  ),
  text: ids('WORDS', 'A text that stands somewhere in it, inside words too, whatever the case; of several, each.'),
  since: time('Recorded then or later: 30s, 15m, 2h, 7d, 4w ago; 2026-01-31; 2026-01-31T09:30:00Z.'),
  until: time('Recorded before then.'),
  'occurred-since': time('Happened then or later, by the source’s clock.'),
  'occurred-until': time('Happened before then, by the source’s clock.'),
  filter: {
    type: 'string',
    value: 'JSON',
    doc: 'A LogFilter of the API as JSON, for everything else; holds beside the other options.',
  },
} as const satisfies CommandOptions;

export const viewOption = {
  view: {
    type: 'string',
    value: 'NAME',
    doc: 'A saved view by its name or id: its filter and period hold beside the other options, and its columns are shown.',
  },
} as const satisfies CommandOptions;

/** How the options combine; for help and docs/cli.md. */
export const filterDetails =
  'Filters: conditions of different options must all hold; of one option given more than once, any (of --metadata, any of one key; of --text, all). Ids and keys are your product’s own. ' +
  'docs/api.md describes the filter language that --filter takes.';

function among(options: Given, name: string) {
  const given = texts(options, name);
  return given === undefined ? undefined : { in: given };
}

function choicesAmong<const T extends string>(options: Given, name: string, choices: readonly T[]) {
  const given = texts(options, name);
  if (given === undefined) return undefined;
  return {
    in: given.map((value) => {
      const choice = choices.find((one) => one === value.toUpperCase());
      if (choice !== undefined) return choice;
      throw usage(`--${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}.`);
    }),
  };
}

/** `7` and `true` are what they look like; all else is text. */
function jsonValue(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/.test(value) ? Number(value) : value;
}

/** One condition for each key, with all the values that were given for it. */
function metadataOf(options: Given) {
  const given = texts(options, 'metadata');
  if (given === undefined) return undefined;
  const values = new Map<string, (string | number | boolean)[]>();
  const present = new Set<string>();
  for (const one of given) {
    const [key = '', ...rest] = one.split('=');
    if (key === '') throw usage(`--metadata must be KEY or KEY=VALUE, not ${JSON.stringify(one)}.`);
    if (rest.length === 0) present.add(key);
    // The number 7 and the text 7 are different values, and a shell cannot tell them apart.
    else values.set(key, [...(values.get(key) ?? []), ...new Set([rest.join('='), jsonValue(rest.join('='))])]);
  }
  return [
    ...[...values].map(([key, among]) => ({ key: key.split('.'), in: among })),
    ...[...present].map((key) => ({ key: key.split('.'), exists: true })),
  ];
}

function textOf(options: Given) {
  const given = texts(options, 'text');
  return given === undefined ? undefined : { contains: given };
}

function severityOf(options: Given) {
  const given = text(options, 'severity');
  if (given === undefined) return undefined;
  const [, from, to] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(given) ?? [];
  const least = Number(from ?? Number.NaN);
  const most = Number(to ?? 10);
  if (least >= 1 && most <= 10 && least <= most) return { gte: least, ...(most < 10 ? { lt: most + 1 } : {}) };
  throw usage(`--severity must be a number from 1 to 10, or a range such as 3-5, not ${JSON.stringify(given)}.`);
}

function periodOf(options: Given, since: string, until: string, now: number) {
  const gte = moment(options, since, now);
  const lt = moment(options, until, now);
  if (gte === undefined && lt === undefined) return undefined;
  if (gte !== undefined && lt !== undefined && gte >= lt) throw usage(`--${since} must lie before --${until}.`);
  return { ...(gte === undefined ? {} : { gte }), ...(lt === undefined ? {} : { lt }) };
}

/** Without `undefined`; null where nothing is left. */
function conditions(all: Readonly<Record<string, unknown>>): LogFilter | null {
  const stated = Object.entries(all).filter(([, condition]) => condition !== undefined);
  return stated.length === 0 ? null : Object.fromEntries(stated);
}

/** The filter that the options make; null where they state none. Lengths of time count back from `now`. */
export function filterOf(options: Given, now: number): LogFilter | null {
  const target = among(options, 'target');
  const targetType = among(options, 'target-type');
  const directory = among(options, 'directory');
  const under = texts(options, 'under');
  const stated = conditions({
    action: among(options, 'action'),
    category: among(options, 'category'),
    catalogue: among(options, 'catalogue'),
    actionGroup: among(options, 'group'),
    actor:
      conditions({ ...among(options, 'actor'), type: choicesAmong(options, 'actor-type', actorTypes) }) ?? undefined,
    affectedUser: among(options, 'affected'),
    vault: among(options, 'vault'),
    directory: conditions({ ...directory, under }) ?? undefined,
    target: conditions({ ...target, type: targetType }) ?? undefined,
    outcome: choicesAmong(options, 'outcome', outcomes),
    severity: severityOf(options),
    component: among(options, 'component'),
    ip: among(options, 'ip'),
    userAgent: among(options, 'user-agent'),
    device: among(options, 'device'),
    session: among(options, 'session'),
    request: among(options, 'request'),
    location: among(options, 'location'),
    metadata: metadataOf(options),
    text: textOf(options),
    recordedAt: periodOf(options, 'since', 'until', now),
    occurredAt: periodOf(options, 'occurred-since', 'occurred-until', now),
  });
  const own = jsonObject(options, 'filter') as LogFilter | undefined;
  if (own === undefined) return stated;
  return stated === null ? own : { and: [stated, own] };
}
