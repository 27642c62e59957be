import { type Command, ofOperators } from '../command.ts';
import { limitOptions } from '../limitOptions.ts';
import { jsonOption } from '../show.ts';

const details = [
  'For the operator: works on the database itself, which it migrates first; also while a server runs on it.',
] as const;

export const organizationCreate: Command = {
  name: 'organization create',
  usage: 'NAME',
  summary: 'Creates an organization with its log and prints the first owner’s token, once.',
  details,
  options: {},
  environment: ofOperators,
  run: async (input) => (await import('../run/organization.ts')).createOrganization(input),
};

export const organizationLimit: Command = {
  name: 'organization limit',
  usage: 'NAME [OPTIONS]',
  summary: 'Limits how much an organization may do, and prints its own limits.',
  details: [...details, 'What is not given stays as it is. Running servers go by it from the next request on.'],
  options: { ...limitOptions, ...jsonOption },
  environment: ofOperators,
  run: async (input) => (await import('../run/organization.ts')).limitOrganization(input),
};

export const organizationList: Command = {
  name: 'organization list',
  usage: '[OPTIONS]',
  summary: 'Lists the organizations of the database.',
  details,
  options: jsonOption,
  environment: ofOperators,
  run: async (input) => (await import('../run/organization.ts')).listOrganizations(input),
};
