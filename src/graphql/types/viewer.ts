import type { Principal } from '../../auth/auth.ts';
import { builder } from '../builder.ts';
import { caller } from '../guard.ts';
import { memberActor } from '../loaders.ts';
import { ActorRef, OrganizationRef } from '../refs.ts';
import { PrincipalKindRef, RightsSourceRef, RoleRef, VisibilityRef } from './visibility.ts';
import { PermissionRef } from './vocabulary.ts';

const CredentialKindRef = builder.enumType('CredentialKind', {
  description: 'What a request came with.',
  values: {
    TOKEN: { description: 'A token of Annals’ own.' },
    JWT: { description: 'A JSON Web Token that an issuer of the organization minted.' },
  },
});

const CredentialRef = builder.objectRef<Principal>('Credential').implement({
  description: 'What the request came with, and where its rights come from.',
  fields: (t) => ({
    kind: t.field({
      type: CredentialKindRef,
      description: 'A token, or a JWT.',
      resolve: ({ jwt }) => (jwt === null ? 'TOKEN' : 'JWT'),
    }),
    issuer: t.string({
      nullable: true,
      description: 'Name of the issuer that minted the JWT; null for a token.',
      resolve: ({ jwt }) => jwt?.issuer.name ?? null,
    }),
    rights: t.field({
      type: RightsSourceRef,
      description:
        'Whether the role, groups and directories are those that are kept here, or those that the JWT states.',
      resolve: ({ jwt }) => (jwt?.stated ? 'STATED' : 'STORED'),
    }),
    groupIds: t.idList({
      nullable: true,
      description: 'External ids of the groups that the JWT states; null where those that are kept here count.',
      resolve: ({ jwt }) => (jwt?.stated ? [...jwt.stated.groups] : null),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it expires; null if never.',
    }),
  }),
});

const ViewerRef = builder.objectRef<Principal>('Viewer').implement({
  description: 'The caller: whom its credential stands for, what it may do and what it sees.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The member’s name, or the token’s.' }),
    kind: t.expose('kind', { type: PrincipalKindRef, description: 'A member or a program.' }),
    actor: t.field({
      type: ActorRef,
      nullable: true,
      description: 'The member as entries name it; filter by it to find one’s own activity. Null for a program.',
      resolve: (principal, _, { loaders }) => {
        const { member, name } = principal;
        return member === null ? null : memberActor(loaders, principal, { ...member, name });
      },
    }),
    credential: t.field({
      type: CredentialRef,
      description: 'What the request came with.',
      resolve: (principal) => principal,
    }),
    organization: t.field({
      type: OrganizationRef,
      description: 'The organization it belongs to.',
      resolve: (principal) => principal,
    }),
    role: t.expose('role', { type: RoleRef, description: 'Its role.' }),
    permissions: t.field({
      type: [PermissionRef],
      description: 'What it may do; the permissions of its role.',
      resolve: ({ role }) => [...role.permissions],
    }),
    sees: t.field({
      type: VisibilityRef,
      description: 'What it sees, and why.',
      resolve: async (principal, _, { loaders }) => ({ principal, sight: await loaders.sight() }),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its credential expires; null if never.',
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerRef,
    description: 'Who am I, what may I do, and what do I see?',
    resolve: (_, __, context) => caller(context),
  }),
);
