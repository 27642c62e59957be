/** The questions that have a field of their own (docs/questions.md), one command each. */
import { type Command, type CommandOption, ofClients } from '../command.ts';
import { entriesDetails, entriesOptions } from '../entriesOptions.ts';
import { filterDetails, filterOptions } from '../filterOptions.ts';
import { colourOption, jsonOption } from '../show.ts';

const times = '30s, 15m, 2h, 7d, 4w ago; 2026-01-31; 2026-01-31T09:30:00Z';
const time = (doc: string): CommandOption => ({ type: 'string', value: 'TIME', doc });
const period = {
  since: time(`Happened then or later, by the source’s clock: ${times}. Required.`),
  until: time('Happened before then.'),
} as const;
const first = (most: number): CommandOption => ({
  type: 'string',
  value: 'COUNT',
  doc: `At most so many lines, 1 to ${most}. Default: ${most}.`,
  short: 'n',
});
const shown = { ...jsonOption, ...colourOption };

const environment = [...ofClients, 'NO_COLOR'];
const load = () => import('../run/ask.ts');

export const askOpened: Command = {
  name: 'ask opened',
  usage: 'PERSON --since TIME [OPTIONS]',
  summary: 'Lists the secrets that somebody opened, each once: what to rotate when a person leaves.',
  details: [
    'A line for each secret, the last opened first: when last and first, how often, what it is, its id and name. A vault or a directory stands for all in it. ' +
      'Says on stderr when there is more than it shows. docs/questions.md says what counts.',
  ],
  options: { ...period, first: first(500), ...shown },
  environment,
  run: async (input) => (await load()).askOpened(input),
};

export const askHistory: Command = {
  name: 'ask history',
  usage: '--item ID | --place ID | --member ID [OPTIONS]',
  summary: 'Prints all that happened to one item, in one vault or folder, or by and to one member.',
  details: [filterDetails, entriesDetails],
  options: {
    item: { type: 'string', value: 'ID', doc: 'Of this target, whatever its type.' },
    place: { type: 'string', value: 'ID', doc: 'In this vault or folder, and under it as far as you may see.' },
    member: { type: 'string', value: 'ID', doc: 'By this person, and to it.' },
    ...entriesOptions,
  },
  environment,
  run: async (input) => (await load()).askHistory(input),
};

export const askAccount: Command = {
  name: 'ask account',
  usage: '[MEMBER] [OPTIONS]',
  summary: 'Prints what others did to an account: its role, groups and ways to sign in. Your own without MEMBER.',
  details: [filterDetails, entriesDetails],
  options: entriesOptions,
  environment,
  run: async (input) => (await load()).askAccount(input),
};

export const askNew: Command = {
  name: 'ask new',
  usage: 'PERSON --since TIME [OPTIONS]',
  summary: 'Lists devices, addresses and actions that are new for a person: in the period, and in no entry before it.',
  details: ['Says on stderr when there is more than it shows, or more than was compared.'],
  options: {
    what: {
      type: 'string',
      value: 'WHAT',
      doc: 'What is looked at: device, ip, action. Default: all three.',
      multiple: true,
      choices: ['device', 'ip', 'action'],
    },
    ...period,
    first: first(500),
    ...shown,
  },
  environment,
  run: async (input) => (await load()).askNew(input),
};

const { since: _since, until: _until, ...ownFilters } = filterOptions;

export const askStopped: Command = {
  name: 'ask stopped',
  usage: '--since TIME --quiet-since TIME [OPTIONS]',
  summary: 'Lists actions that used to occur and stopped: in the earlier window, and not since.',
  details: [filterDetails],
  options: {
    ...ownFilters,
    since: time(`Where the earlier window begins, by the source’s clock: ${times}. Required.`),
    'quiet-since': time('Where it ends, and the later one begins. Required.'),
    until: time('Where the later one ends. Default: it has no end.'),
    'at-least': {
      type: 'string',
      value: 'COUNT',
      doc: 'Only actions with so many entries or more in the earlier window. Default: 1.',
    },
    first: first(500),
    ...shown,
  },
  environment,
  run: async (input) => (await load()).askStopped(input),
};
