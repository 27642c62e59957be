import { type Command, ofClients } from '../command.ts';
import { filterDetails } from '../filterOptions.ts';
import { statisticsOptions } from '../statisticsOptions.ts';

export const statistics: Command = {
  name: 'statistics',
  usage: '[OPTIONS]',
  summary: 'Counts entries: over time, by category, person, place and the like, or both.',
  details: [
    filterDetails,
    'With --interval a line for each stretch of time, and with --by a column for each group; with --by alone a line for each group, ' +
      'the largest first; with neither, how many there are. Entries without a value are the group ∅. Lines have bars where there are colours. ' +
      'Counts are exact. --json prints what the field `logStatistics` answers as one object, with more than the table; docs/statistics.md says what it holds.',
  ],
  options: statisticsOptions,
  environment: [...ofClients, 'NO_COLOR'],
  run: async (input) => (await import('../run/statistics.ts')).runStatistics(input),
};
