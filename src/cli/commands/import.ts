import { type Command, ofClients } from '../command.ts';

/** As src/sources names them, which is not loaded for the help; a test compares. */
export const importKinds: readonly string[] = ['passwork', 'ndjson'];

export const importCommand: Command = {
  name: 'import',
  usage: '--from KIND FILE|-',
  summary: 'Records a product’s own log, or entries as ndjson; running it twice adds nothing.',
  options: {
    from: {
      type: 'string',
      value: 'KIND',
      doc: `What the input is: ${importKinds.join(' or ')} (docs/sources.md).`,
      choices: importKinds,
    },
    year: {
      type: 'string',
      value: 'YEAR',
      doc: 'The year of times that carry none (RFC 3164). Default: the latest that fits.',
    },
    'time-zone': {
      type: 'string',
      value: 'ZONE',
      doc: 'The zone of times that carry none, such as Europe/Berlin. Default: the system’s.',
    },
  },
  environment: [...ofClients, 'CATALOGUE_FILES'],
  operands: 'files',
  run: async (input) => (await import('../run/import.ts')).runImport(input),
};
