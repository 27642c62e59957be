import { actorTypes, outcomes } from '../../model/entry.ts';
import { type Command, type CommandOptions, ofClients } from '../command.ts';
import { jsonOption } from '../show.ts';

const text = (value: string, doc: string) => ({ type: 'string', value, doc }) as const;

const entryOptions = {
  key: text(
    'KEY',
    'Idempotency key: the same key with the same content is recorded once. Default: a new one each time.',
  ),
  'occurred-at': text('TIME', 'When it happened: 5m ago, or 2026-01-31T09:30:00Z. Default: now.'),
  outcome: { ...text('OUTCOME', `How it ended: ${outcomes.join(', ')}. Default: the action’s.`), choices: outcomes },
  severity: text('NUMBER', 'How serious it is, 1 to 10. Default: the action’s.'),
  component: text('NAME', 'The part of the product, such as web.'),
  actor: text('ID', 'Who did it.'),
  'actor-name': text('NAME', 'Its name.'),
  'actor-email': text('ADDRESS', 'Its e-mail address.'),
  'actor-type': { ...text('TYPE', `What kind of actor: ${actorTypes.join(', ')}.`), choices: actorTypes },
  affected: text('ID', 'To whom it was done.'),
  'affected-name': text('NAME', 'The name.'),
  'affected-email': text('ADDRESS', 'The e-mail address.'),
  vault: text('ID', 'The vault it happened in.'),
  'vault-name': text('NAME', 'Its name.'),
  directory: text('ID', 'The folder it happened in. Default: the vault.'),
  'directory-name': text('NAME', 'Its name.'),
  target: { ...text('TYPE:ID[:NAME]', 'What it was done to, such as “item:i-204:Bank portal”.'), multiple: true },
  ip: text('ADDRESS', 'The address it came from.'),
  'user-agent': text('TEXT', 'The client program.'),
  device: text('TEXT', 'The device.'),
  session: text('ID', 'The session.'),
  request: text('ID', 'The request.'),
  location: text('TEXT', 'Where in the world.'),
  metadata: text('JSON', 'Whatever else belongs to it: an object.'),
} as const satisfies CommandOptions;

export const record: Command = {
  name: 'record',
  usage: 'ACTION [OPTIONS] | -',
  summary: 'Records one entry from options, or many from standard input; prints id and status.',
  details: [
    'With -, reads entries as ndjson (docs/sources.md) and prints a line for each in their order. A row that is refused says so ' +
      'on stderr with the number of its line, and the others go in. Unlike `annals import`, reading the same lines again ' +
      'records them again, unless they carry an idempotencyKey.',
  ],
  options: { ...entryOptions, ...jsonOption },
  environment: [...ofClients],
  run: async (input) => (await import('../run/record.ts')).runRecord(input),
};
