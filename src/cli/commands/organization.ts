import { openApp } from '../../app.ts';
import { AnnalsError } from '../../errors.ts';
import type { Command } from '../command.ts';

export const organizationCreate: Command = {
  name: 'organization create',
  usage: 'NAME',
  summary: 'Creates an organization with its log and prints the first owner’s token, once.',
  options: {},
  async run({ config, operands }) {
    const [name, ...more] = operands;
    if (name === undefined || more.length > 0) {
      throw new AnnalsError('USAGE', {
        message: 'organization create takes one NAME.',
        cure: 'Quote a name that contains spaces.',
      });
    }
    await using app = await openApp(config);
    const { ownerToken, organizationUid } = await app.administration.createOrganization({ name });
    process.stderr.write(
      `Created the organization ${name} (${organizationUid}). This is its first owner’s token; it is not shown again:\n`,
    );
    process.stdout.write(`${ownerToken}\n`);
    return 0;
  },
};
