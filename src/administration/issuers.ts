/** Who may mint JSON Web Tokens for an organization: with which keys, and for what rights. */
import type { Auth } from '../auth/auth.ts';
import { checkKeySet } from '../auth/auth.ts';
import type { Change } from '../model/entry.ts';
import { isPublicAlgorithm, isSecretAlgorithm, publicAlgorithms, secretAlgorithms } from '../model/jwt.ts';
import type { Role } from '../model/role.ts';
import type { Seal } from '../model/seal.ts';
import { isUuid, type RandomSource, uuidV7 } from '../model/uuid.ts';
import type { AdministrationStatements, JwtIssuerRecord, JwtKeys } from '../store/store.ts';
import { rolesOf, unknownRole } from './change.ts';
import { fieldChanges } from './changes.ts';
import { badInput, checkText } from './checks.ts';
import { checkIssuer } from './escalation.ts';
import type { Guarded } from './guards/requests.ts';
import type { Step } from './step.ts';

/** The whole issuer; what is left out has its default. The keys alone stay as they are where none are given. */
export interface JwtIssuerInput {
  /** For people. */
  readonly name: string;
  /** The claim `iss`, by which it is known: an issuer that has it already is replaced. */
  readonly issuer: string;
  /** What the claim `aud` must hold. */
  readonly audience: string;
  /** All of them with public keys, or all with secrets. */
  readonly algorithms: readonly string[];
  /** A JSON Web Key Set of public keys. Exactly one of `keys`, `secrets` and `address`. */
  readonly keys?: unknown;
  /** 1 to 4 texts. */
  readonly secrets?: readonly string[] | null | undefined;
  /** Where its key set is fetched from. */
  readonly address?: string | null | undefined;
  /** Keys of the roles that its tokens may act with. */
  readonly roles: readonly string[];
  /** Whether its tokens may stand for stored members, with their stored rights; by default not. */
  readonly storedMembers?: boolean | null | undefined;
  /** The longest life of a token, from `iat` to `exp`; by default a day. */
  readonly lifetimeSeconds?: number | null | undefined;
}

/** An issuer without its secrets. */
export interface ShownJwtIssuer extends Omit<JwtIssuerRecord, 'secrets' | 'keys' | 'version' | 'removedAt'> {
  readonly keySource: 'KEYS' | 'SECRETS' | 'ADDRESS';
  /** The public keys, where they are kept here. */
  readonly keys: { readonly keys: readonly object[] } | null;
}

export const issuerLimits = {
  issuers: 20,
  secrets: 4,
  lifetimeSeconds: [60, 2_592_000],
  secretCharacters: 1000,
} as const;

const keySourceOf = ({ keys, secrets }: JwtKeys): ShownJwtIssuer['keySource'] =>
  keys !== null ? 'KEYS' : secrets !== null ? 'SECRETS' : 'ADDRESS';

/** What may be seen of it. */
export function shownIssuer(record: JwtIssuerRecord): ShownJwtIssuer {
  const { secrets: _, keys, version: __, removedAt: ___, ...rest } = record;
  return { ...rest, keySource: keySourceOf(record), keys: keys === null ? null : JSON.parse(keys) };
}

function algorithmsOf(names: readonly string[]): string[] {
  const known = [...publicAlgorithms, ...Object.keys(secretAlgorithms)];
  const stray = names.findIndex((name) => !known.includes(name));
  if (stray >= 0) throw badInput(`algorithms[${stray}]`, `must be one of ${known.join(', ')}.`);
  const chosen = known.filter((name) => names.includes(name));
  if (chosen.length === 0)
    throw badInput('algorithms', 'is empty.', 'Name those that tokens are signed with, such as EdDSA.');
  if (chosen.every(isPublicAlgorithm) || chosen.every(isSecretAlgorithm)) return chosen;
  throw badInput(
    'algorithms',
    'mixes algorithms of secrets (HS…) with those of key pairs.',
    'Name those of one kind: what is a public key for one must never be a secret for another.',
  );
}

function secretsOf(secrets: readonly string[], algorithms: readonly string[]): Uint8Array[] {
  const { secrets: most, secretCharacters } = issuerLimits;
  if (secrets.length === 0 || secrets.length > most) throw badInput('secrets', `must be 1 to ${most} texts.`);
  const least = Math.max(...algorithms.map((name) => (isSecretAlgorithm(name) ? secretAlgorithms[name] : 0)));
  return secrets.map((secret, index) => {
    const bytes = new TextEncoder().encode(secret);
    if (bytes.length >= least && secret.length <= secretCharacters && secret.isWellFormed()) return bytes;
    const message = `must have at least ${least} bytes for ${algorithms.join(', ')}, and at most ${secretCharacters} characters.`;
    throw badInput(`secrets[${index}]`, message, 'Draw it at random, such as with `openssl rand -base64 48`.');
  });
}

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

async function keysOf(
  input: JwtIssuerInput,
  algorithms: readonly string[],
  auth: IssuerDeps['auth'],
): Promise<JwtKeys | null> {
  const given = ['keys', 'secrets', 'address'].filter((name) => isGiven(Reflect.get(input, name)));
  const [kind, ...more] = given;
  if (kind === undefined) return null;
  if (more.length > 0)
    throw badInput(kind, `stands beside ${more.join(' and ')}; give exactly one of keys, secrets and address.`);
  const secret = algorithms.every(isSecretAlgorithm);
  if (secret !== (kind === 'secrets')) {
    const fitting = secret ? 'secrets' : 'keys or address';
    throw badInput(kind, `do not go with ${algorithms.join(', ')}; these take ${fitting}.`);
  }
  const none: JwtKeys = { keys: null, secrets: null, address: null };
  if (kind === 'secrets') return { ...none, secrets: secretsOf(input.secrets ?? [], algorithms) };
  if (kind === 'address') {
    const address = input.address ?? '';
    const mistake = auth.addressMistake(address);
    if (mistake !== null) throw badInput('address', mistake.message, mistake.cure);
    return { ...none, address };
  }
  const keys = await checkKeySet(input.keys, algorithms);
  if (typeof keys !== 'string') throw badInput('keys', keys.message, keys.cure);
  return { ...none, keys };
}

/** The keys that stay must fit the algorithms as those that are given must. */
async function keysThatStay(before: JwtIssuerRecord | undefined, algorithms: readonly string[]): Promise<JwtKeys> {
  if (before === undefined) throw badInput('keys', 'are missing; give exactly one of keys, secrets and address.');
  const { keys, secrets, address } = before;
  const fits =
    keys !== null
      ? typeof (await checkKeySet(JSON.parse(keys), algorithms)) === 'string'
      : algorithms.every(secrets === null ? isPublicAlgorithm : isSecretAlgorithm);
  const most = Math.max(0, ...algorithms.map((name) => (isSecretAlgorithm(name) ? secretAlgorithms[name] : 0)));
  if (fits && (secrets ?? []).every((secret) => secret.length >= most)) return { keys, secrets, address };
  throw badInput('algorithms', 'do not go with the keys that the issuer has.', 'Give the keys, too.');
}

function lifetimeOf({ lifetimeSeconds }: JwtIssuerInput): number {
  const seconds = lifetimeSeconds ?? 86_400;
  const [least, most] = issuerLimits.lifetimeSeconds;
  if (Number.isInteger(seconds) && seconds >= least && seconds <= most) return seconds;
  throw badInput('lifetimeSeconds', `is ${seconds}; it must be a whole number from ${least} to ${most}.`);
}

function rolesNamed(input: JwtIssuerInput, known: ReadonlyMap<string, Role>): Role[] {
  if (input.roles.length === 0) {
    throw badInput('roles', 'is empty.', 'Name the roles that its tokens may act with, such as MEMBER.');
  }
  const named = input.roles.map((key, index) => {
    const role = known.get(key);
    if (role === undefined) throw unknownRole(`roles[${index}]`, key, known);
    return role;
  });
  return [...new Set(named)].sort((one, other) => (one.key < other.key ? -1 : 1));
}

const keyIds = (keys: string): string => {
  const set = JSON.parse(keys) as { readonly keys: readonly { readonly kid?: string }[] };
  return set.keys.map(({ kid }) => kid ?? 'without kid').join(', ');
};

/** As the log tells of it: never a secret. */
const flat = (record: JwtIssuerRecord) => ({
  ...record,
  algorithms: record.algorithms.join(', '),
  roles: record.roles.join(', '),
  secrets: record.secrets === null ? null : `${record.secrets.length}`,
  keys: record.keys === null ? null : keyIds(record.keys),
});
const fields = [
  'name',
  'audience',
  'algorithms',
  'roles',
  'storedMembers',
  'lifetimeSeconds',
  'keys',
  'secrets',
  'address',
];

const material = ({ keys, secrets }: JwtIssuerRecord) =>
  JSON.stringify([
    keys === null ? null : JSON.parse(keys),
    secrets?.map((secret) => Buffer.from(secret).toString('base64')),
  ]);

/** Of keys with the same ids, and of secrets, all that is told is that they changed. */
function changesOf(before: JwtIssuerRecord | undefined, after: JwtIssuerRecord): Change[] {
  const told = fieldChanges(before === undefined ? null : flat(before), flat(after), fields);
  const untold = before !== undefined && material(before) !== material(after);
  if (!untold || told.some(({ field }) => field === 'keys' || field === 'secrets')) return told;
  return [...told, { field: after.secrets === null ? 'keys' : 'secrets', before: null, after: null }];
}

export interface IssuerDeps {
  readonly auth: Pick<Auth, 'addressMistake'>;
  readonly now: () => number;
  readonly random: RandomSource;
  readonly seal: Seal;
}

/** What was said of an issuer, to wait as data. */
export interface StoredIssuerRequest {
  /** Of the issuer that it changes, or of the one that it adds. */
  readonly id: string;
  readonly isNew: boolean;
  readonly input: Omit<JwtIssuerInput, 'secrets'>;
  /** Sealed, as a list in JSON; null where none were given. */
  readonly secrets: string | null;
}

/** Whose keys are believed; where they may speak for owners, that is as much as making one. */
function guardedIssuer(
  organization: number,
  { secrets: given, ...input }: JwtIssuerInput,
  { before, after }: { readonly before: JwtIssuerRecord | undefined; readonly after: JwtIssuerRecord },
  { seal }: IssuerDeps,
): Guarded {
  const roles = [...after.roles, ...(before?.roles ?? [])];
  const secrets = given ? seal.seal(`${organization} issuer`, JSON.stringify(given)) : null;
  return {
    kind: 'issuer',
    operations: roles.includes('OWNER') ? ['ROTATE_KEYS', 'CHANGE_OWNERS'] : ['ROTATE_KEYS'],
    request: { id: after.id, isNew: before === undefined, input, secrets },
    identity: { input, secrets },
  };
}

/** Errors: BAD_INPUT, ESCALATION. */
export async function issuerStep(
  statements: AdministrationStatements,
  organization: number,
  input: JwtIssuerInput,
  { by, newId, ...deps }: IssuerDeps & { readonly by: Role; readonly newId?: string },
): Promise<Step<ShownJwtIssuer>> {
  const { auth, now, random } = deps;
  checkText('name', input.name, 'name');
  checkText('issuer', input.issuer, 'name');
  checkText('audience', input.audience, 'name');
  const algorithms = algorithmsOf(input.algorithms);
  const roles = rolesNamed(input, await rolesOf(statements, organization));
  const storedMembers = input.storedMembers ?? false;
  checkIssuer(roles, storedMembers, by);
  const issuers = await statements.readJwtIssuers(organization);
  const before = issuers.find(({ issuer }) => issuer === input.issuer);
  if (before === undefined && issuers.length >= issuerLimits.issuers) {
    throw badInput(
      'issuer',
      `the organization has ${issuers.length} issuers already, the most that are allowed.`,
      'Remove one first.',
    );
  }
  const given = await keysOf(input, algorithms, auth);
  const created = now();
  const record: JwtIssuerRecord = {
    id: before?.id ?? newId ?? uuidV7(created, random),
    name: input.name,
    issuer: input.issuer,
    audience: input.audience,
    algorithms,
    ...(given ?? (await keysThatStay(before, algorithms))),
    roles: roles.map(({ key }) => key),
    storedMembers,
    lifetimeSeconds: lifetimeOf(input),
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? created,
    removedAt: null,
  };
  const changes = changesOf(before, record);
  const action = before === undefined ? 'annals.jwt_issuer_created' : 'annals.jwt_issuer_changed';
  const targets = [{ type: 'jwt_issuer', id: record.id, name: record.name }];
  return {
    changes: () => (before !== undefined && changes.length === 0 ? [] : [{ action, targets, changes }]),
    guarded: guardedIssuer(organization, input, { before, after: record }, deps),
    result: shownIssuer(record),
    async write() {
      await statements.writeJwtIssuer(organization, record);
      await statements.raiseRights(organization);
    },
  };
}

/** The same for what had to wait. Errors: those of `issuerStep`, and BAD_INPUT where the issuer was removed meanwhile. */
export async function storedIssuerStep(
  statements: AdministrationStatements,
  organization: number,
  { id, isNew, input, secrets: sealed }: StoredIssuerRequest,
  deps: IssuerDeps & { readonly by: Role },
): Promise<Step<ShownJwtIssuer>> {
  if (!isNew && !(await statements.readJwtIssuers(organization)).some((one) => one.id === id)) {
    throw badInput('issuer', 'was removed meanwhile.', 'Ask for it again if it is to come back.');
  }
  const text = sealed === null ? null : deps.seal.open(`${organization} issuer`, sealed);
  if (text === null && sealed !== null) throw badInput('secrets', 'cannot be read with the key of this installation.');
  const secrets = text === null ? null : JSON.parse(text);
  return issuerStep(statements, organization, { ...input, secrets }, { ...deps, newId: id });
}

/** Removing again, or what is not there, changes nothing. Errors: BAD_INPUT for what can be no issuer’s id. */
export async function issuerRemoval(
  statements: AdministrationStatements,
  organization: number,
  id: string,
  now: number,
): Promise<Step<boolean>> {
  if (!isUuid(id)) throw badInput('id', 'is no id of an issuer.', 'Use an id that `jwtIssuers` lists.');
  const issuer = (await statements.readJwtIssuers(organization)).find((one) => one.id === id);
  const targets = [{ type: 'jwt_issuer', id, name: issuer?.name ?? null }];
  return {
    changes: () => (issuer === undefined ? [] : [{ action: 'annals.jwt_issuer_removed', targets }]),
    result: issuer !== undefined,
    async write() {
      await statements.removeJwtIssuer(organization, id, now);
      await statements.deleteLostViews(organization);
      await statements.raiseRights(organization);
    },
  };
}
