/** Options of commands that print entries page after page. */
import type { CommandOptions } from './command.ts';
import { filterOptions } from './filterOptions.ts';
import { showOptions } from './show.ts';

export const entriesOptions = {
  ...filterOptions,
  order: {
    type: 'string',
    value: 'ORDER',
    doc: 'newest (first; the default) or oldest.',
    choices: ['newest', 'oldest'],
  },
  by: {
    type: 'string',
    value: 'TIME',
    doc: 'By which time they are ordered: recorded (the default), or occurred, by the source’s clock.',
    choices: ['recorded', 'occurred'],
  },
  first: { type: 'string', value: 'COUNT', doc: 'At most so many.', short: 'n' },
  all: { type: 'boolean', doc: 'All of them.', short: 'a' },
  after: {
    type: 'string',
    value: 'CURSOR',
    doc: 'Only what comes after this cursor, such as the field cursor prints.',
  },
  count: { type: 'boolean', doc: 'Prints their number instead; 10000+ where there are more.' },
  ...showOptions,
} as const satisfies CommandOptions;

/** How many are printed; for help and docs/cli.md. */
export const entriesDetails =
  'Without --first and --all, 50 entries. Pages are fetched as they are printed: however many there are, one is held at a time.';
