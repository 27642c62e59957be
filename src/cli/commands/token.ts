import { type Command, type CommandOptions, ofClients, ofOperators } from '../command.ts';
import { limitOptions } from '../limitOptions.ts';
import { jsonOption } from '../show.ts';

const organization = {
  organization: {
    type: 'string',
    value: 'NAME',
    doc: 'For the operator: works on the database itself, on this organization, without a token of one’s own.',
  },
} as const satisfies CommandOptions;

const operatorsWay =
  'With --organization the operator works on the database itself (DATABASE_URL, or the embedded one), such as when the last owner’s ' +
  'token is lost; what is done this way is not in the log.';

const environment = [...ofClients, ...ofOperators.filter((name) => !ofClients.includes(name))];

export const tokenCreate: Command = {
  name: 'token create',
  usage: 'NAME --role KEY | --member ID [OPTIONS]',
  summary: 'Makes a token and prints it, once: it alone on standard output.',
  details: [operatorsWay],
  options: {
    role: { type: 'string', value: 'KEY', doc: 'The role of a program of its own, such as INTEGRATION.' },
    member: { type: 'string', value: 'ID', doc: 'The member that it acts as, with the member’s role and grants.' },
    expires: {
      type: 'string',
      value: 'TIME',
      doc: 'When it ends: in 12h, 90d or 4w, or on 2026-12-31. Default: never.',
    },
    allow: {
      type: 'string',
      multiple: true,
      value: 'NETWORK',
      doc: 'From where it may be used: an address or a network such as 10.0.0.0/8. May be repeated. Default: anywhere.',
    },
    ...limitOptions,
    ...organization,
    json: { type: 'boolean', doc: 'Prints one JSON object instead, with `secret` and `id`.' },
  },
  environment,
  run: async (input) => (await import('../run/token.ts')).createToken(input),
};

export const tokenList: Command = {
  name: 'token list',
  usage: '[OPTIONS]',
  summary: 'Lists the tokens of the organization, without their secrets.',
  options: { revoked: { type: 'boolean', doc: 'Also those that were revoked.' }, ...jsonOption },
  environment: ofClients,
  run: async (input) => (await import('../run/token.ts')).listTokens(input),
};

export const tokenUpdate: Command = {
  name: 'token update',
  usage: 'ID [OPTIONS]',
  summary: 'Changes what a token is called, from where it may be used, and how much; on open streams too.',
  details: [operatorsWay],
  options: {
    name: { type: 'string', value: 'NAME', doc: 'What it is for.' },
    allow: {
      type: 'string',
      multiple: true,
      value: 'NETWORK',
      doc: 'From where it may be used from now on: an address or a network such as 10.0.0.0/8. May be repeated.',
    },
    'allow-anywhere': { type: 'boolean', doc: 'It may be used from anywhere again.' },
    ...limitOptions,
    ...organization,
  },
  environment,
  run: async (input) => (await import('../run/token.ts')).updateToken(input),
};

export const tokenRotate: Command = {
  name: 'token rotate',
  usage: 'ID [OPTIONS]',
  summary: 'Gives a token a new secret and prints it, once; the one before stays good for a while.',
  details: [operatorsWay],
  options: {
    overlap: {
      type: 'string',
      value: 'LENGTH',
      doc: 'For how long the secret of before stays good: 30s, 15m, 2h, 7d. Default: 1d; at most 30d; 0s ends it at once.',
    },
    'end-older': {
      type: 'boolean',
      doc: 'While an earlier rotation is under way: ends its older secret at once, instead of an error.',
    },
    ...organization,
    json: { type: 'boolean', doc: 'Prints one JSON object instead, with `secret` and `id`.' },
  },
  environment,
  run: async (input) => (await import('../run/token.ts')).rotateToken(input),
};

export const tokenRevoke: Command = {
  name: 'token revoke',
  usage: 'ID [OPTIONS]',
  summary: 'Ends a token at once, on open streams too.',
  details: [operatorsWay],
  options: organization,
  environment,
  run: async (input) => (await import('../run/token.ts')).revokeToken(input),
};
