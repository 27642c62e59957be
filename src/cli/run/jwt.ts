/** Keys and tokens for those who mint: offline, from files. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, importPKCS8, type JWK, SignJWT } from 'jose';
import { AnnalsError } from '../../errors.ts';
import {
  ClaimMistake,
  isPublicAlgorithm,
  isSecretAlgorithm,
  jwtLimits,
  publicAlgorithms,
  readClaims,
  secretAlgorithms,
} from '../../model/jwt.ts';
import type { CommandInput } from '../command.ts';

const usage = (message: string, cure: string) => new AnnalsError('USAGE', { message, cure });

type Options = CommandInput['options'];

function optional(options: Options, name: string): string | null {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function required(options: Options, name: string): string {
  const value = optional(options, name);
  if (value !== null) return value;
  throw usage(`--${name} is missing.`, 'See `annals jwt mint --help` and `annals jwt keys --help`.');
}

function noOperands({ operands }: CommandInput): void {
  if (operands.length === 0) return;
  // Not repeated: somebody may have typed a key.
  throw usage('This command takes options only.', 'Keys and secrets are read from files, never from the command line.');
}

function publicAlgorithm(name: string): string {
  if (isPublicAlgorithm(name)) return name;
  throw usage(`--algorithm ${name} has no pair of keys.`, `Use one of ${publicAlgorithms.join(', ')}.`);
}

export async function runJwtKeys(input: CommandInput): Promise<number> {
  noOperands(input);
  const { options } = input;
  const out = required(options, 'out');
  const algorithm = publicAlgorithm(optional(options, 'algorithm') ?? 'EdDSA');
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const open = await exportJWK(pair.publicKey);
  const kid = optional(options, 'kid') ?? (await calculateJwkThumbprint(open));
  const common = { kid, alg: algorithm, use: 'sig' };
  const secret = `${JSON.stringify({ ...(await exportJWK(pair.privateKey)), ...common }, null, 2)}\n`;
  await writeFile(out, secret, { flag: 'wx', mode: 0o600 }).catch((cause: NodeJS.ErrnoException) => {
    throw usage(
      `${out} cannot be written (${cause.code}).`,
      'Name a file that does not exist, in a directory that does.',
    );
  });
  await input.out.write(`${JSON.stringify({ keys: [{ ...open, ...common }] }, null, 2)}\n`);
  process.stderr.write(
    `The private key is in ${out}; keep it. Give the public one above to upsertJwtIssuer as keys.\n`,
  );
  return 0;
}

interface Signer {
  readonly key: CryptoKey | Uint8Array;
  readonly algorithm: string;
  readonly kid: string | null;
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${path} cannot be read (${cause.code}).`, 'Name a file that exists and that you may read.');
  });

/** The parser’s own words would repeat what stands in the file. */
function parsed(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw usage(`${path} holds no JSON object.`, 'Correct the file.');
}

async function secretSigner(path: string, options: Options): Promise<Signer> {
  const algorithm = optional(options, 'algorithm') ?? 'HS256';
  if (!isSecretAlgorithm(algorithm)) {
    throw usage(
      `--algorithm ${algorithm} does not sign with a secret.`,
      `Use one of ${Object.keys(secretAlgorithms).join(', ')}.`,
    );
  }
  const key = new TextEncoder().encode((await readText(path)).replace(/\r?\n$/, ''));
  const least = secretAlgorithms[algorithm];
  if (key.length < least) {
    throw usage(
      `The secret in ${path} has ${key.length} bytes; ${algorithm} needs ${least}.`,
      'Draw one: `openssl rand -base64 48`.',
    );
  }
  return { key, algorithm, kid: null };
}

async function keySigner(path: string, options: Options): Promise<Signer> {
  const text = await readText(path);
  const wrong = () =>
    usage(
      `${path} holds no private key that fits.`,
      'Give a private JWK, as `annals jwt keys` writes it, or PKCS #8 in PEM with --algorithm.',
    );
  const jwk = text.trimStart().startsWith('{') ? (parsed(path, text) as JWK) : null;
  const algorithm = publicAlgorithm(optional(options, 'algorithm') ?? jwk?.alg ?? 'EdDSA');
  const key = await (jwk === null ? importPKCS8(text, algorithm) : importJWK(jwk, algorithm)).catch(() => {
    throw wrong();
  });
  if (key instanceof Uint8Array || key.type !== 'private') throw wrong();
  return { key, algorithm, kid: optional(options, 'kid') ?? jwk?.kid ?? null };
}

/** `--groups a,b` */
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function directoriesOf(text: string): { id: string; level: string }[] {
  return listOf(text).map((part) => {
    const at = part.lastIndexOf('=');
    if (at > 0) return { id: part.slice(0, at), level: part.slice(at + 1) };
    throw usage(`--directories: ${JSON.stringify(part)} has no level.`, 'Write `v-finance=ADMINISTRATOR,v-it=READ`.');
  });
}

async function statedOf(options: Options): Promise<Readonly<Record<string, unknown>>> {
  const file = optional(options, 'claims');
  if (file !== null) return parsed(file, await readText(file));
  const [groups, directories] = [optional(options, 'groups'), optional(options, 'directories')];
  const texts = ['role', 'name', 'email'].flatMap((name) => {
    const value = optional(options, name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(texts),
    ...(groups === null ? {} : { groups: listOf(groups) }),
    ...(directories === null ? {} : { directories: directoriesOf(directories) }),
  };
}

function secondsOf(text: string): number {
  const [, count = '', unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  const each = { s: 1, m: 60, h: 3600, d: 86_400 }[unit === '' ? 's' : unit];
  if (count !== '' && each !== undefined && Number(count) > 0) return Number(count) * each;
  throw usage(`--lifetime ${text} is no length of time.`, 'Write it like 900, 15m, 8h or 1d.');
}

export async function runJwtMint(input: CommandInput): Promise<number> {
  noOperands(input);
  const { options } = input;
  const [key, secret] = [optional(options, 'key'), optional(options, 'secret')];
  if ((key === null) === (secret === null))
    throw usage('Exactly one of --key and --secret is needed.', 'Name the file of one.');
  const signer =
    key === null ? await secretSigner(required(options, 'secret'), options) : await keySigner(key, options);
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: required(options, 'issuer'),
    aud: required(options, 'audience'),
    sub: required(options, 'subject'),
    iat: now,
    exp: now + secondsOf(optional(options, 'lifetime') ?? '15m'),
    jti: randomUUID(),
    annals: {
      ...(await statedOf(options)),
      organization: required(options, 'organization').replace(/^organization:/, ''),
    },
  };
  const claims = readClaims(payload);
  if (claims instanceof ClaimMistake) throw usage(`${claims.claim} ${claims.right}.`, 'See docs/jwt.md.');
  const header = { alg: signer.algorithm, typ: 'JWT', ...(signer.kid === null ? {} : { kid: signer.kid }) };
  const token = await new SignJWT(payload).setProtectedHeader(header).sign(signer.key);
  if (token.length > jwtLimits.token) {
    throw usage(
      `The token has ${token.length} characters; ${jwtLimits.token} are accepted.`,
      'State fewer groups and directories.',
    );
  }
  await input.out.write(`${token}\n`);
  return 0;
}
