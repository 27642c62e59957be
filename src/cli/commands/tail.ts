import { type Command, ofClients } from '../command.ts';
import { filterDetails, filterOptions, viewOption } from '../filterOptions.ts';
import { showOptions } from '../show.ts';

const { until: _until, ...tailFilters } = filterOptions;

export const tail: Command = {
  name: 'tail',
  usage: '[OPTIONS]',
  summary:
    'Shows entries of a running server as they are recorded; goes on after the server was away, without gap or repeat.',
  details: [
    filterDetails,
    'Begins with the newest 10 entries, with all since a time (--since), or after a cursor (--after, --state). When the connection is lost ' +
      'it says so on stderr, tries again until the server is back, and goes on after the last entry printed. What else there is to ' +
      'know, such as that your rights changed, is said on stderr. Ends with SIGINT or SIGTERM (exit status 0), or when nothing is visible ' +
      'any more or the token was ended (3).',
  ],
  options: {
    ...viewOption,
    ...tailFilters,
    last: {
      type: 'string',
      value: 'COUNT',
      doc: 'Begins with so many of the newest entries, 0 to 500. Default: 10.',
      short: 'n',
    },
    after: { type: 'string', value: 'CURSOR', doc: 'Begins after this cursor, taken with the same filter.' },
    state: {
      type: 'string',
      value: 'FILE',
      doc: 'Remembers in this file how far it has printed; the next run with the same filter goes on from there.',
      choices: 'files',
    },
    'catch-up': { type: 'boolean', doc: 'Ends at the end of the log instead of waiting for more.' },
    ...showOptions,
  },
  environment: [...ofClients, 'NO_COLOR'],
  run: async (input) => (await import('../run/tail.ts')).runTail(input),
};
