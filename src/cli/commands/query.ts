import { type Command, ofClients } from '../command.ts';
import { filterDetails, filterOptions, viewOption } from '../filterOptions.ts';
import { showOptions } from '../show.ts';

export const query: Command = {
  name: 'query',
  usage: '[OPTIONS]',
  summary: 'Prints entries of a running server: as a table, or as JSON for programs.',
  details: [
    filterDetails,
    'Without --first and --all, 50 entries. Pages are fetched as they are printed: however many there are, one is held at a time.',
  ],
  options: {
    ...viewOption,
    ...filterOptions,
    order: {
      type: 'string',
      value: 'ORDER',
      doc: 'newest (first; the default) or oldest, by when they were recorded.',
      choices: ['newest', 'oldest'],
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
  },
  environment: [...ofClients, 'NO_COLOR'],
  run: async (input) => (await import('../run/query.ts')).runQuery(input),
};
