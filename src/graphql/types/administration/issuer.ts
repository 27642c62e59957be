/** Issuers of JSON Web Tokens: whom an organization lets mint credentials. */
import type { PendingChange, ShownJwtIssuer } from '../../../administration/administration.ts';
import { builder } from '../../builder.ts';
import { callerWith, needs } from '../../guard.ts';
import { PendingChangeRef } from './pendingChange.ts';

const KeySourceRef = builder.enumType('JwtKeySource', {
  description: 'With what the tokens of an issuer are verified.',
  values: {
    KEYS: { description: 'Public keys that are kept here.' },
    SECRETS: { description: 'Secrets that the issuer and Annals share. They are never shown.' },
    ADDRESS: { description: 'Public keys that are fetched from an address.' },
  } satisfies Record<ShownJwtIssuer['keySource'], { description: string }>,
});

interface IssuerValue extends ShownJwtIssuer {
  readonly pending?: PendingChange | null;
}

const IssuerRef = builder.objectRef<IssuerValue>('JwtIssuer').implement({
  description: 'Somebody who mints JSON Web Tokens for the organization, and for what rights.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A UUID.' }),
    name: t.exposeString('name', { description: 'The name for people.' }),
    issuer: t.exposeString('issuer', { description: 'The claim `iss`.' }),
    audience: t.exposeString('audience', { description: 'What the claim `aud` must hold.' }),
    algorithms: t.stringList({
      description: 'What its tokens are signed with; nothing else is accepted.',
      resolve: ({ algorithms }) => [...algorithms],
    }),
    keySource: t.expose('keySource', { type: KeySourceRef, description: 'With what they are verified.' }),
    keys: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The public keys as a JSON Web Key Set; null where they are secrets, or at an address.',
      resolve: ({ keys }) => JSON.parse(JSON.stringify(keys)),
    }),
    address: t.exposeString('address', { nullable: true, description: 'Where the public keys are fetched from.' }),
    roles: t.stringList({
      description: 'Keys of the roles that its tokens may act with.',
      resolve: ({ roles }) => [...roles],
    }),
    storedMembers: t.exposeBoolean('storedMembers', {
      description: 'Whether its tokens may stand for stored members, with their stored rights.',
    }),
    lifetimeSeconds: t.exposeInt('lifetimeSeconds', {
      description: 'The longest life of its tokens, from iat to exp.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    pending: t.field({
      type: PendingChangeRef,
      nullable: true,
      description:
        'What waits, where the organization guards `upsertJwtIssuer`: until it is done, nothing of this is in force. Null in lists.',
      resolve: ({ pending }) => pending ?? null,
    }),
  }),
});

const IssuerInputRef = builder.inputType('JwtIssuerInput', {
  description:
    'A whole issuer: what is left out has its default. Of `keys`, `secrets` and `address` exactly one; none, to keep those that it has.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name for people.' }),
    issuer: t.string({
      required: true,
      description: 'The claim `iss`, such as `https://passwork.example.com`. One that has it already is replaced.',
    }),
    audience: t.string({ required: true, description: 'What the claim `aud` must hold, such as `annals`.' }),
    algorithms: t.stringList({
      required: true,
      description: 'Such as `EdDSA` or `ES256`; all with key pairs, or all with secrets (`HS256`).',
    }),
    keys: t.field({
      type: 'JSON',
      description: 'A JSON Web Key Set of public keys, up to 20. Several may be valid at a time: name each by `kid`.',
    }),
    secrets: t.stringList({
      description: 'Up to 4 secrets, each of at least 32 bytes as UTF-8; each that is listed is valid.',
    }),
    address: t.string({ description: 'The https address of a JSON Web Key Set, on a host of JWKS_HOSTS.' }),
    roles: t.stringList({
      required: true,
      description:
        'Keys of the roles that its tokens may act with, whether they state them or name a member who has them.',
    }),
    storedMembers: t.boolean({
      description: 'Whether its tokens may stand for stored members, with their stored rights; by default not.',
    }),
    lifetimeSeconds: t.int({
      description: 'The longest life of its tokens, from iat to exp: 60 to 2,592,000; by default 86,400.',
    }),
  }),
});

builder.queryField('jwtIssuers', (t) =>
  t.field({
    ...needs('MANAGE_TOKENS'),
    type: [IssuerRef],
    description: 'Who mints JSON Web Tokens for the organization, oldest first.',
    resolve: async (_, __, context) => [
      ...(await context.services.administration.jwtIssuers(callerWith(context, 'MANAGE_TOKENS'))),
    ],
  }),
);

builder.mutationFields((t) => ({
  upsertJwtIssuer: t.field({
    ...needs('MANAGE_TOKENS'),
    type: IssuerRef,
    description:
      'Lets somebody mint JSON Web Tokens for the organization, or replaces what was said of it. In force at once; tokens that are not valid under it any more are refused, and their streams end.',
    args: { input: t.arg({ type: IssuerInputRef, required: true, description: 'The issuer.' }) },
    resolve: (_, { input }, context) =>
      context.services.administration.upsertJwtIssuer(callerWith(context, 'MANAGE_TOKENS'), input),
  }),
  removeJwtIssuer: t.boolean({
    ...needs('MANAGE_TOKENS'),
    description: 'Ends every token of an issuer at once, on open streams too. Answers whether there was one.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }, context) =>
      context.services.administration.removeJwtIssuer(callerWith(context, 'MANAGE_TOKENS'), id),
  }),
}));
