/** Keys and tokens for those who mint: offline, from files. */
import { publicAlgorithms } from '../../model/jwt.ts';
import type { Command } from '../command.ts';

export const jwtKeys: Command = {
  name: 'jwt keys',
  usage: '--out FILE [--algorithm NAME] [--kid ID]',
  summary: 'Makes a pair of keys: the private one in a new file, the public one as a JSON Web Key Set on stdout.',
  options: {
    out: {
      type: 'string',
      value: 'FILE',
      choices: 'files',
      doc: 'Where the private key goes; readable by you alone. It must not exist.',
    },
    algorithm: {
      type: 'string',
      value: 'NAME',
      doc: `One of ${publicAlgorithms.join(', ')}; EdDSA by default.`,
      choices: publicAlgorithms,
    },
    kid: { type: 'string', value: 'ID', doc: 'The id of the key; by default its thumbprint.' },
  },
  environment: [],
  run: async (input) => (await import('../run/jwt.ts')).runJwtKeys(input),
};

export const jwtMint: Command = {
  name: 'jwt mint',
  usage: '(--key FILE | --secret FILE) --issuer TEXT --audience TEXT --organization UUID --subject ID [OPTIONS]',
  summary: 'Mints a JSON Web Token and prints it. Talks to no server; docs/jwt.md describes the claims.',
  options: {
    key: {
      type: 'string',
      value: 'FILE',
      choices: 'files',
      doc: 'The private key: a JWK, or PKCS #8 in PEM with --algorithm.',
    },
    secret: {
      type: 'string',
      value: 'FILE',
      choices: 'files',
      doc: 'A shared secret instead, as text; one line end is cut off.',
    },
    algorithm: { type: 'string', value: 'NAME', doc: 'By default that of the JWK, EdDSA, or HS256 with a secret.' },
    kid: { type: 'string', value: 'ID', doc: 'The id of the key; by default that of the JWK.' },
    issuer: { type: 'string', value: 'TEXT', doc: 'iss: as upsertJwtIssuer was told.' },
    audience: { type: 'string', value: 'TEXT', doc: 'aud: as upsertJwtIssuer was told.' },
    organization: { type: 'string', value: 'UUID', doc: 'The organization; `organization { id }` answers it.' },
    subject: { type: 'string', value: 'ID', doc: 'sub: the person’s id in your product.' },
    lifetime: { type: 'string', value: 'TIME', doc: 'Such as 15m, 8h or 1d; 15m by default.' },
    role: { type: 'string', value: 'KEY', doc: 'States the rights; without it those of the stored member count.' },
    groups: { type: 'string', value: 'ID,…', doc: 'With a role: groups by id.' },
    directories: { type: 'string', value: 'ID=LEVEL,…', doc: 'With a role: levels on vaults and folders.' },
    name: { type: 'string', value: 'TEXT', doc: 'With a role: the person’s name.' },
    email: { type: 'string', value: 'TEXT', doc: 'With a role: the person’s address.' },
    claims: {
      type: 'string',
      value: 'FILE',
      choices: 'files',
      doc: 'JSON with role, groups, directories, name and email, instead of those.',
    },
  },
  environment: [],
  run: async (input) => (await import('../run/jwt.ts')).runJwtMint(input),
};
