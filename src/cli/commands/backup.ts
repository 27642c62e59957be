import { type Command, ofOperators } from '../command.ts';

export const backupCommand: Command = {
  name: 'backup',
  usage: 'DIRECTORY',
  summary: 'Copies the embedded database, also while the server runs, into a new directory.',
  options: {},
  environment: ['DATA_DIRECTORY'],
  operands: 'files',
  run: async (input) => (await import('../run/backup.ts')).runBackup(input),
};

export const restoreCommand: Command = {
  name: 'restore',
  usage: '(--accept-fork | --same-history) DIRECTORY',
  summary: 'Puts a backup into an empty data directory, after checking every byte of it.',
  options: {
    'accept-fork': {
      type: 'boolean',
      doc: 'Entries were recorded after the backup and are given up: cursors of the history before get LOG_RESTORED. Without a DIRECTORY: says so of the database that is in place, as where other tools restored it.',
    },
    'same-history': {
      type: 'boolean',
      doc: 'Nothing was recorded after the backup: the same history goes on, and so do cursors.',
    },
  },
  environment: ofOperators,
  operands: 'files',
  run: async (input) => (await import('../run/backup.ts')).runRestore(input),
};
