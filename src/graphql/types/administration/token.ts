import type { ListPage, PendingChange } from '../../../administration/administration.ts';
import { AnnalsError } from '../../../errors.ts';
import type { OwnLimits } from '../../../model/limits.ts';
import { parseTimestamp } from '../../../model/time.ts';
import type { TokenRecord } from '../../../store/store.ts';
import { builder } from '../../builder.ts';
import { callerWith, needs } from '../../guard.ts';
import { PendingChangeRef } from './pendingChange.ts';
import { memberId } from './report.ts';

const TokenLimitsRef = builder.objectRef<OwnLimits>('TokenLimits').implement({
  description: 'How much a token may do; null goes by the server’s settings, and 0 is no limit.',
  fields: (t) => ({
    requestsPerSecond: t.int({
      nullable: true,
      description: 'Requests in a second, on each server.',
      resolve: ({ requestsPerSecond }) => requestsPerSecond,
    }),
    entriesPerSecond: t.int({
      nullable: true,
      description: 'Entries recorded in a second, on each server.',
      resolve: ({ entriesPerSecond }) => entriesPerSecond,
    }),
    entriesPerDay: t.int({
      nullable: true,
      description: 'Entries recorded in a day (UTC), on all servers together.',
      resolve: ({ entriesPerDay }) => entriesPerDay,
    }),
  }),
});

const TokenLimitsInputRef = builder.inputType('TokenLimitsInput', {
  description: 'How much a token may do. What is left out goes by the server’s settings, and 0 is no limit.',
  fields: (t) => ({
    requestsPerSecond: t.int({ description: 'Requests in a second, on each server.' }),
    entriesPerSecond: t.int({ description: 'Entries recorded in a second, on each server.' }),
    entriesPerDay: t.int({ description: 'Entries recorded in a day (UTC), on all servers together.' }),
  }),
});

const TokenRef = builder.objectRef<TokenRecord>('Token').implement({
  description: 'A credential. What it is itself is shown once, when it is made.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A UUID.' }),
    name: t.exposeString('name', { description: 'What it is for.' }),
    prefix: t.exposeString('prefix', { description: 'Its first characters, to recognise it by.' }),
    memberId: t.exposeID('memberId', {
      nullable: true,
      description: 'External id of the member that it acts as; null where it has a role of its own.',
    }),
    role: t.exposeString('role', {
      nullable: true,
      description: 'Key of its own role; null where it acts as a member.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'When it ends; null if never.' }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null where it was not.',
    }),
    allowedNetworks: t.exposeStringList('networks', {
      description: 'From where it may be used, in CIDR notation; empty is from anywhere.',
    }),
    limits: t.field({
      type: TokenLimitsRef,
      description: 'Its own limits; those of the organization hold beside them.',
      resolve: ({ limits }) => limits ?? {},
    }),
    rotatedAt: t.expose('rotatedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was given its newest secret; null where it has its first.',
    }),
    previousPrefix: t.exposeString('previousPrefix', {
      nullable: true,
      description: 'First characters of the secret before the newest; null where there was none.',
    }),
    previousEndsAt: t.expose('previousEndsAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the secret before the newest ends: the token is being rotated until then. Null where there was none.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, behind by up to a minute; null where it was not.',
    }),
    lastUsedFrom: t.exposeString('lastUsedFrom', {
      nullable: true,
      description: 'The address that it was last used from; null where that is not known, or hidden from the caller.',
    }),
  }),
});

const TokenPageRef = builder.objectRef<ListPage<TokenRecord>>('TokenPage').implement({
  description: 'Tokens, oldest first.',
  fields: (t) => ({
    nodes: t.expose('nodes', { type: [TokenRef], description: 'The tokens of this page.' }),
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there are more after this page.' }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'For `after`, to go on; null on an empty page.',
    }),
  }),
});

const CreatedTokenRef = builder
  .objectRef<{ readonly token: string; readonly record: TokenRecord; readonly pending: PendingChange | null }>(
    'CreatedToken',
  )
  .implement({
    description: 'A new token, or a new secret of one.',
    fields: (t) => ({
      secret: t.string({
        description: 'The token itself, for `Authorization: Bearer …`. It is shown here and never again.',
        resolve: ({ token }) => token,
      }),
      token: t.field({
        type: TokenRef,
        description: 'What is known of it from now on.',
        resolve: ({ record }) => record,
      }),
      pending: t.expose('pending', {
        type: PendingChangeRef,
        nullable: true,
        description: 'What waits, where the organization guards this: until it is done, the secret is refused.',
      }),
    }),
  });

const TokenInputRef = builder.inputType('CreateTokenInput', {
  description: 'A token to make: exactly one of `memberId` and `role`.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is for.' }),
    memberId: t.id({ description: 'The member that it acts as, with the member’s role and grants.' }),
    role: t.string({ description: 'Key of a role of its own, such as `INTEGRATION`.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends; left out, never.' }),
    allowedNetworks: t.stringList({
      description:
        'From where it may be used: addresses and networks in CIDR notation. Left out or empty, from anywhere.',
    }),
    limits: t.field({ type: TokenLimitsInputRef, description: 'How much it may do.' }),
  }),
});

const UpdateTokenInputRef = builder.inputType('UpdateTokenInput', {
  description: 'What of a token is to be changed; what is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Its id.' }),
    name: t.string({ description: 'What it is for.' }),
    allowedNetworks: t.stringList({
      description:
        'From where it may be used: addresses and networks in CIDR notation, at most 100. Empty: from anywhere.',
    }),
    limits: t.field({
      type: TokenLimitsInputRef,
      description: 'How much it may do; null takes a limit of its own away.',
    }),
  }),
});

builder.queryField('tokens', (t) =>
  t.field({
    ...needs('MANAGE_TOKENS'),
    type: TokenPageRef,
    description: 'The tokens of the organization.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
      after: t.arg.string({ description: 'Only what comes after this, such as `endCursor`.' }),
      revoked: t.arg.boolean({ defaultValue: false, description: 'Also those that were revoked.' }),
    },
    resolve: (_, args, context) => context.services.administration.tokens(callerWith(context, 'MANAGE_TOKENS'), args),
  }),
);

function subjectOf(member: string | null | undefined, role: string | null | undefined) {
  if (member && !role) return { member: memberId(member) };
  if (role && !member) return { role };
  throw new AnnalsError('BAD_INPUT', {
    path: 'memberId',
    message: 'A token acts as a member or has a role of its own.',
    cure: 'Give either memberId or role.',
  });
}

function moment(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const time = parseTimestamp(text);
  if (time !== null) return time;
  throw new AnnalsError('BAD_INPUT', {
    path: 'expiresAt',
    message: `expiresAt: ${JSON.stringify(text.slice(0, 100))} is not a moment in the form of RFC 3339 with a zone.`,
  });
}

builder.mutationFields((t) => ({
  createToken: t.field({
    ...needs('MANAGE_TOKENS'),
    type: CreatedTokenRef,
    description: 'Makes a token. Each call makes another.',
    args: { input: t.arg({ type: TokenInputRef, required: true, description: 'The token.' }) },
    resolve: (_, { input: { name, memberId: member, role, expiresAt, allowedNetworks, limits } }, context) =>
      context.services.administration.createToken(callerWith(context, 'MANAGE_TOKENS'), {
        name,
        actsAs: subjectOf(member, role),
        expiresAt: moment(expiresAt),
        allowedNetworks: allowedNetworks ?? [],
        ...(limits ? { limits } : {}),
      }),
  }),
  updateToken: t.field({
    ...needs('MANAGE_TOKENS'),
    type: TokenRef,
    nullable: true,
    description:
      'Changes a token, on open streams too. It takes as much as making a token that acts so. Null where there is no such token, or it was revoked.',
    args: { input: t.arg({ type: UpdateTokenInputRef, required: true, description: 'What is to be changed.' }) },
    resolve: (_, { input: { id, name, allowedNetworks, limits } }, context) =>
      context.services.administration.updateToken(callerWith(context, 'MANAGE_TOKENS'), {
        id,
        ...(typeof name === 'string' ? { name } : {}),
        ...(allowedNetworks ? { allowedNetworks } : {}),
        ...(limits ? { limits } : {}),
      }),
  }),
  rotateToken: t.field({
    ...needs('MANAGE_TOKENS'),
    type: CreatedTokenRef,
    nullable: true,
    description:
      'Gives a token a new secret. The secret of before stays good for the overlap, or until the token expires; both are the same token. It takes as much as making a token that acts so. Null where there is no such token.',
    args: {
      id: t.arg.id({ required: true, description: 'Its id.' }),
      overlapSeconds: t.arg.int({
        defaultValue: 86_400,
        description: 'For so many seconds the secret of before stays good, at most 30 days; 0 ends it at once.',
      }),
      endOlder: t.arg.boolean({
        defaultValue: false,
        description: 'While an earlier rotation is under way: true ends its older secret at once; false is an error.',
      }),
    },
    resolve: (_, { id, overlapSeconds, endOlder }, context) =>
      context.services.administration.rotateToken(callerWith(context, 'MANAGE_TOKENS'), {
        id,
        overlapSeconds: overlapSeconds ?? 86_400,
        endOlder: endOlder ?? false,
      }),
  }),
  revokeToken: t.boolean({
    ...needs('MANAGE_TOKENS'),
    description:
      'Ends a token at once, on open streams too. Answers false where there was none, or it was revoked before.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }, context) =>
      context.services.administration.revokeToken(callerWith(context, 'MANAGE_TOKENS'), id),
  }),
}));
