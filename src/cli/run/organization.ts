import { openApp } from '../../app.ts';
import { AnnalsError } from '../../errors.ts';
import { openColumns } from '../columns.ts';
import type { CommandInput } from '../command.ts';
import { limitsIn, limitsInWords } from '../limitOptions.ts';
import { has, operandsOf, usage } from '../options.ts';
import { jsonLine, plain, printable } from '../output.ts';

export async function createOrganization({ config, operands, out }: CommandInput): Promise<number> {
  const [name, ...more] = operands;
  if (name === undefined || more.length > 0)
    throw usage('organization create takes one NAME.', 'Quote a name that contains spaces.');
  await using app = await openApp(config, { beside: true });
  const { ownerToken, organizationUid } = await app.administration.createOrganization({ name });
  process.stderr.write(
    `Created the organization ${name} (${organizationUid}). This is its first owner’s token; it is not shown again:\n`,
  );
  await out.write(`${ownerToken}\n`);
  return 0;
}

export async function limitOrganization({ config, operands, options, out }: CommandInput): Promise<number> {
  const [name, ...more] = operands;
  if (name === undefined || more.length > 0)
    throw usage('organization limit takes one NAME.', 'Quote a name that contains spaces.');
  const limits = limitsIn(options) ?? {};
  await using app = await openApp(config, { beside: true });
  const organization = (await app.administration.organizations()).find((one) => one.name === name);
  if (organization === undefined) {
    throw new AnnalsError('BAD_INPUT', {
      message: `There is no organization ${JSON.stringify(name)}.`,
      cure: 'Use a name that `annals organization list` prints.',
    });
  }
  const own = await app.administration.limitOrganization(organization, limits);
  await out.write(has(options, 'json') ? jsonLine(own) : `${limitsInWords(own) || 'as the server’s settings say'}\n`);
  return 0;
}

export async function listOrganizations({ config, operands, options, out }: CommandInput): Promise<number> {
  operandsOf(operands, 0, 'organization list takes no operands.');
  await using app = await openApp(config, { beside: true });
  const all = await app.administration.organizations();
  const rows = all.map(({ organizationUid, name, demo }) => ({ id: organizationUid, name, demo }));
  if (has(options, 'json')) await out.write(rows.map(jsonLine).join(''));
  else {
    const lines = openColumns(['id', 'name', 'demo'], plain, () => null);
    await out.write(lines(rows.map(({ id, name, demo }) => [id, printable(name), demo ? 'yes' : ''])));
  }
  return 0;
}
