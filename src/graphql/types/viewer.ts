import type { Principal } from '../../auth/auth.ts';
import { builder } from '../builder.ts';
import { caller } from '../guard.ts';
import { memberActor } from '../loaders.ts';
import { ActorRef, OrganizationRef } from '../refs.ts';
import { PrincipalKindRef, RoleRef, VisibilityRef } from './visibility.ts';
import { PermissionRef } from './vocabulary.ts';

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
