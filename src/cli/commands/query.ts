import { type Command, ofClients } from '../command.ts';
import { entriesDetails, entriesOptions } from '../entriesOptions.ts';
import { filterDetails, viewOption } from '../filterOptions.ts';

export const query: Command = {
  name: 'query',
  usage: '[OPTIONS]',
  summary: 'Prints entries of a running server: as a table, or as JSON for programs.',
  details: [filterDetails, entriesDetails],
  options: { ...viewOption, ...entriesOptions },
  environment: [...ofClients, 'NO_COLOR'],
  run: async (input) => (await import('../run/query.ts')).runQuery(input),
};
