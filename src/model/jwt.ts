/** The claims of a JSON Web Token, as Annals reads and mints them; docs/jwt.md has them in words. */
import { type AccessLevel, accessLevels } from './role.ts';

/** With a pair of keys: Annals has the public one. */
export const publicAlgorithms = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;
/** With a secret that both sides have, and the fewest bytes it must have. */
export const secretAlgorithms = { HS256: 32, HS384: 48, HS512: 64 } as const;

export const isPublicAlgorithm = (name: string): boolean => publicAlgorithms.some((one) => one === name);
export const isSecretAlgorithm = (name: string): name is keyof typeof secretAlgorithms => name in secretAlgorithms;

/** Most UTF-16 code units, list members, and characters of a whole token. */
export const jwtLimits = {
  id: 200,
  name: 500,
  email: 320,
  issuer: 500,
  groups: 200,
  directories: 200,
  token: 12_288,
} as const;

/** How far `iat` and `nbf` may lie ahead of the server’s clock, in milliseconds. `exp` is exact. */
export const clockToleranceMs = 5000;

/** Rights that a token states itself: then nothing that is stored about the member counts. */
export interface StatedRights {
  /** Key of a role. */
  readonly role: string;
  /** Groups by external id, with the grants that are stored for them. */
  readonly groups: readonly string[];
  /** By external id, each once. */
  readonly directories: readonly { readonly id: string; readonly level: AccessLevel }[];
  readonly name: string | null;
  readonly email: string | null;
}

/** Times in milliseconds. */
export interface JwtClaims {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** External id of the person it stands for. */
  readonly subject: string;
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly notBefore: number | null;
  /** `jti`. */
  readonly id: string | null;
  /** UUID of the organization. */
  readonly organization: string;
  /** Null where the subject is a stored member and its stored rights count. */
  readonly stated: StatedRights | null;
}

/** What is wrong with a set of claims: the claim, and what would be right. */
export class ClaimMistake {
  readonly claim: string;
  readonly right: string;
  constructor(claim: string, right: string) {
    this.claim = claim;
    this.right = right;
  }
}

type Members = Readonly<Record<string, unknown>>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const knownMembers = ['organization', 'role', 'groups', 'directories', 'name', 'email'];

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= most &&
  !value.includes('\0') &&
  value.isWellFormed();

function text(from: Members, name: string, most: number, prefix = ''): string {
  const value = from[name];
  if (isText(value, most)) return value;
  throw new ClaimMistake(`${prefix}${name}`, `must be a text of 1 to ${most} characters`);
}

const optionalText = (from: Members, name: string, most: number, prefix = ''): string | null =>
  from[name] === undefined ? null : text(from, name, most, prefix);

/** Seconds since 1970, which may have a fraction. */
function moment(from: Members, name: string): number {
  const value = from[name];
  // The largest time that a Date can hold.
  if (typeof value === 'number' && value >= 0 && value <= 8_640_000_000_000) return Math.floor(value * 1000);
  throw new ClaimMistake(name, 'must be a number of seconds since 1970');
}

function audienceOf({ aud }: Members): string[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const texts = list.filter((one) => typeof one === 'string');
  if (list.length > 0 && texts.length === list.length) return texts;
  throw new ClaimMistake('aud', 'must be a text or a list of texts');
}

function groupsOf({ groups = [] }: Members): string[] {
  const mistake = `must be a list of at most ${jwtLimits.groups} ids of groups, each a text of 1 to ${jwtLimits.id} characters`;
  if (!Array.isArray(groups) || groups.length > jwtLimits.groups) throw new ClaimMistake('annals.groups', mistake);
  const ids = groups.filter((id) => isText(id, jwtLimits.id));
  if (ids.length < groups.length) throw new ClaimMistake('annals.groups', mistake);
  return [...new Set(ids)];
}

function directoriesOf({ directories = [] }: Members): StatedRights['directories'] {
  if (!Array.isArray(directories) || directories.length > jwtLimits.directories) {
    throw new ClaimMistake(
      'annals.directories',
      `must be a list of at most ${jwtLimits.directories} objects {id, level}`,
    );
  }
  const seen = new Set<string>();
  return directories.map((one: unknown, index) => {
    const path = `annals.directories[${index}]`;
    if (!isObject(one)) throw new ClaimMistake(path, 'must be an object {id, level}');
    const stray = Object.keys(one).find((name) => name !== 'id' && name !== 'level');
    if (stray !== undefined)
      throw new ClaimMistake(`${path}.${stray}`, 'is not known; a directory has an id and a level');
    const id = text(one, 'id', jwtLimits.id, `${path}.`);
    const level = accessLevels.find((known) => known === one.level);
    if (level === undefined) throw new ClaimMistake(`${path}.level`, `must be one of ${accessLevels.join(', ')}`);
    if (seen.has(id)) throw new ClaimMistake(`${path}.id`, 'stands in the list twice; state each directory once');
    seen.add(id);
    return { id, level };
  });
}

function statedOf(from: Members): StatedRights | null {
  const stray = Object.keys(from).find((name) => !knownMembers.includes(name));
  if (stray !== undefined) {
    throw new ClaimMistake(`annals.${stray.slice(0, 50)}`, `is not known; the object has ${knownMembers.join(', ')}`);
  }
  if (from.role === undefined) {
    const mixed = ['groups', 'directories', 'name', 'email'].find((name) => from[name] !== undefined);
    if (mixed === undefined) return null;
    const right =
      'goes with a stated role only: state the role, too, or leave both out, and the rights of the stored member count';
    throw new ClaimMistake(`annals.${mixed}`, right);
  }
  return {
    role: text(from, 'role', jwtLimits.id, 'annals.'),
    groups: groupsOf(from),
    directories: directoriesOf(from),
    name: optionalText(from, 'name', jwtLimits.name, 'annals.'),
    email: optionalText(from, 'email', jwtLimits.email, 'annals.'),
  };
}

function read(payload: unknown): JwtClaims {
  if (!isObject(payload)) throw new ClaimMistake('The payload', 'must be a JSON object');
  const { annals } = payload;
  if (!isObject(annals)) {
    throw new ClaimMistake('annals', 'must be an object with the organization and, where rights are stated, the role');
  }
  const { organization } = annals;
  if (typeof organization !== 'string' || !uuid.test(organization)) {
    throw new ClaimMistake('annals.organization', 'must be the UUID of the organization');
  }
  const claims: JwtClaims = {
    issuer: text(payload, 'iss', jwtLimits.issuer),
    audience: audienceOf(payload),
    subject: text(payload, 'sub', jwtLimits.id),
    expiresAt: moment(payload, 'exp'),
    issuedAt: moment(payload, 'iat'),
    notBefore: payload.nbf === undefined ? null : moment(payload, 'nbf'),
    id: optionalText(payload, 'jti', jwtLimits.id),
    organization: organization.toLowerCase(),
    stated: statedOf(annals),
  };
  if (claims.expiresAt <= claims.issuedAt) throw new ClaimMistake('exp', 'must lie after iat');
  return claims;
}

/** The claims of a payload, whoever signed it; or what is wrong with their form. */
export function readClaims(payload: unknown): JwtClaims | ClaimMistake {
  try {
    return read(payload);
  } catch (error) {
    if (error instanceof ClaimMistake) return error;
    throw error;
  }
}
