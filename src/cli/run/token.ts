import { AnnalsError } from '../../errors.ts';
import type { OwnLimits } from '../../model/limits.ts';
import { type Client, findServer, openClient } from '../client.ts';
import { openColumns } from '../columns.ts';
import type { CommandInput, Given } from '../command.ts';
import {
  CreateTokenDocument,
  RevokeTokenDocument,
  RotateTokenDocument,
  TokensDocument,
  type TokensQuery,
  type TokensQueryVariables,
  UpdateTokenDocument,
} from '../generated/graphql.ts';
import { limitsIn, limitsInWords } from '../limitOptions.ts';
import { durationMs, has, operandsOf, text, texts, timeToCome, usage } from '../options.ts';
import { jsonLine, plain, printable } from '../output.ts';

type Subject = { readonly role: string } | { readonly member: string };

interface TokenWish {
  readonly name: string;
  readonly actsAs: Subject;
  /** RFC 3339; null never. */
  readonly expiresAt: string | null;
  readonly allowedNetworks: readonly string[];
  readonly limits: OwnLimits;
}

interface MadeToken {
  readonly id: string;
  readonly secret: string;
}

const clientOf = async (config: CommandInput['config']): Promise<Client> =>
  openClient(await findServer(config, 'OWNER'));

function subjectOf(options: Given): Subject {
  const role = text(options, 'role');
  const member = text(options, 'member');
  if (role !== undefined && member === undefined) return { role };
  if (member !== undefined && role === undefined) return { member };
  throw usage('token create takes either --role KEY or --member ID.', 'Run `annals token create --help`.');
}

function oneOperand(operands: readonly string[], command: string, what: string): string {
  const [operand, ...more] = operands;
  if (operand !== undefined && more.length === 0) return operand;
  throw usage(`${command} takes one ${what}.`, 'Quote a name that contains spaces.');
}

async function throughServer(client: Client, { actsAs, ...wish }: TokenWish): Promise<MadeToken> {
  const subject = 'role' in actsAs ? { role: actsAs.role } : { memberId: actsAs.member };
  const { createToken: made } = await client.request(CreateTokenDocument, { input: { ...wish, ...subject } });
  return { id: made.token.id, secret: made.secret };
}

/** The operator’s way; loads the server’s code, opens the database and works for one organization. */
async function onDatabase<T>(
  { config }: CommandInput,
  name: string,
  work: (administration: Administration, organization: OrganizationRef) => Promise<T>,
): Promise<T> {
  const { openApp } = await import('../../app.ts');
  await using app = await openApp(config, { beside: true });
  const all = await app.administration.organizations();
  const organization = all.find((one) => one.name === name);
  if (organization === undefined) {
    throw new AnnalsError('BAD_INPUT', {
      message: `There is no organization ${JSON.stringify(name)}.`,
      cure: 'Use a name that `annals organization list` prints.',
    });
  }
  return work(app.administration, organization);
}

type App = Awaited<ReturnType<typeof import('../../app.ts')['openApp']>>;
type Administration = App['administration'];
type OrganizationRef = Parameters<Administration['createToken']>[0];

export async function createToken(input: CommandInput): Promise<number> {
  const { options, out } = input;
  const name = oneOperand(input.operands, 'token create', 'NAME');
  const expiresAt = timeToCome(options, 'expires', Date.now()) ?? null;
  const allowedNetworks = texts(options, 'allow') ?? [];
  const limits = limitsIn(options) ?? {};
  const wish: TokenWish = { name, actsAs: subjectOf(options), expiresAt, allowedNetworks, limits };
  const organization = text(options, 'organization');
  const made =
    organization === undefined
      ? await throughServer(await clientOf(input.config), wish)
      : await onDatabase(input, organization, async (administration, to) => {
          const request = { ...wish, expiresAt: expiresAt === null ? null : Date.parse(expiresAt) };
          const { id, token } = await administration.createToken(to, request);
          return { id, secret: token };
        });
  process.stderr.write(`Made the token ${printable(name)} (${made.id}). It is not shown again:\n`);
  await out.write(has(options, 'json') ? jsonLine(made) : `${made.secret}\n`);
  return 0;
}

const noToken = (message: string) =>
  new AnnalsError('BAD_INPUT', { message, cure: 'Use an id that `annals token list` prints.' });

export async function updateToken(input: CommandInput): Promise<number> {
  const { options } = input;
  const id = oneOperand(input.operands, 'token update', 'ID');
  const [name, allow] = [text(options, 'name'), texts(options, 'allow')];
  const allowedNetworks = has(options, 'allow-anywhere') ? [] : allow;
  const limits = limitsIn(options);
  if (
    (name === undefined && allowedNetworks === undefined && limits === undefined) ||
    (has(options, 'allow-anywhere') && allow)
  ) {
    throw usage(
      'token update takes --name, --allow or --allow-anywhere, and limits.',
      'Run `annals token update --help`.',
    );
  }
  const change = {
    id,
    ...(name === undefined ? {} : { name }),
    ...(allowedNetworks && { allowedNetworks }),
    ...(limits && { limits }),
  };
  const organization = text(options, 'organization');
  if (organization !== undefined)
    await onDatabase(input, organization, (administration, of) => administration.updateToken(of, change));
  else {
    const { updateToken: after } = await (await clientOf(input.config)).request(UpdateTokenDocument, { input: change });
    if (!after) throw noToken('There is no such token, or it was revoked.');
  }
  process.stderr.write(`Changed the token ${printable(id)}.\n`);
  return 0;
}

/** Seconds; a day where nothing is said. */
function overlapOf(options: Given): number {
  const length = text(options, 'overlap');
  const ms = length === undefined ? 86_400_000 : durationMs(length);
  if (ms !== null) return ms / 1000;
  throw usage(`--overlap must be a length of time, not ${JSON.stringify(length)}.`, 'State 30s, 15m, 2h, 7d or 4w.');
}

export async function rotateToken(input: CommandInput): Promise<number> {
  const { options, out } = input;
  const id = oneOperand(input.operands, 'token rotate', 'ID');
  const request = { id, overlapSeconds: overlapOf(options), endOlder: has(options, 'end-older') };
  const organization = text(options, 'organization');
  const secret =
    organization === undefined
      ? (await (await clientOf(input.config)).request(RotateTokenDocument, request)).rotateToken?.secret
      : await onDatabase(input, organization, async (administration, of) => {
          const { token } = await administration.rotateToken(of, request);
          return token;
        });
  if (secret === undefined) throw noToken('There is no such token.');
  process.stderr.write(`Gave the token ${printable(id)} a new secret. It is not shown again:\n`);
  await out.write(has(options, 'json') ? jsonLine({ id, secret }) : `${secret}\n`);
  return 0;
}

const heads = [
  'id',
  'name',
  'prefix',
  'acts as',
  'created',
  'expires',
  'last used',
  'allowed from',
  'limits',
  'rotating',
  'revoked',
] as const;

/** `rotating` while a secret of before is good, and which. */
function row(token: TokensQuery['tokens']['nodes'][number]): string[] {
  const actsAs = token.memberId === null ? `role ${token.role}` : `member ${token.memberId}`;
  const { previousPrefix, previousEndsAt } = token;
  const rotating = previousEndsAt !== null && Date.parse(previousEndsAt) > Date.now();
  const previous = rotating ? `${previousPrefix} until ${previousEndsAt}` : '';
  const allowed = token.allowedNetworks.join(' ') || 'anywhere';
  const times = [token.createdAt, token.expiresAt ?? 'never', token.lastUsedAt ?? 'never'];
  return [
    token.id,
    printable(token.name),
    token.prefix,
    printable(actsAs),
    ...times,
    allowed,
    limitsInWords(token.limits),
    previous,
    token.revokedAt ?? '',
  ];
}

export async function listTokens({ config, operands, options, out }: CommandInput): Promise<number> {
  operandsOf(operands, 0, 'token list takes no operands.');
  const client = await clientOf(config);
  const lines = openColumns(heads, plain, () => null);
  let after: string | null = null;
  do {
    const variables: TokensQueryVariables = { after, revoked: has(options, 'revoked') };
    const { tokens }: TokensQuery = await client.request(TokensDocument, variables);
    const { nodes } = tokens;
    await out.write(has(options, 'json') ? nodes.map(jsonLine).join('') : lines(nodes.map(row)));
    after = tokens.hasNextPage ? tokens.endCursor : null;
  } while (after !== null);
  return 0;
}

export async function revokeToken(input: CommandInput): Promise<number> {
  const id = oneOperand(input.operands, 'token revoke', 'ID');
  const organization = text(input.options, 'organization');
  if (organization !== undefined)
    await onDatabase(input, organization, (administration, of) => administration.revokeToken(of, id));
  else {
    const client = await clientOf(input.config);
    const { revokeToken: revoked } = await client.request(RevokeTokenDocument, { id });
    if (!revoked) {
      throw noToken('There is no such token, or it was revoked before.');
    }
  }
  process.stderr.write(`Revoked the token ${printable(id)}.\n`);
  return 0;
}
