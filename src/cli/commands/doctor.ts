import { type Command, ofOperators } from '../command.ts';
import { colourOption, jsonOption } from '../show.ts';

export const doctor: Command = {
  name: 'doctor',
  usage: '[OPTIONS]',
  summary:
    'Looks for what keeps an installation from working, or from holding what it promises; with the cure for each.',
  details: [
    'Run it where the server runs, with the server’s settings. It looks at the database (version, encoding, rights of both roles, ' +
      'migrations, durability, clock, connections, notifications, poolers, partitions, what waits to be recorded, what follows the logs), the disk of the ' +
      'embedded database, and the running server, and changes nothing. An embedded database that does not run is started as long as it looks.',
    'The exit status is 0 where nothing failed and 2 otherwise; with --strict also where something should be done.',
  ],
  options: {
    strict: { type: 'boolean', doc: 'Warnings fail, too.' },
    ...jsonOption,
    ...colourOption,
  },
  environment: [
    ...ofOperators,
    'DATABASE_POOLER',
    'DATABASE_LISTEN_URL',
    'DATABASE_CONNECTIONS',
    'ANNALS_URL',
    'HOST',
    'PORT',
    'NO_COLOR',
  ],
  run: async (input) => (await import('../run/doctor.ts')).runDoctor(input),
};
