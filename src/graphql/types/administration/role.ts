import { builtInRoles } from '../../../model/role.ts';
import { builder } from '../../builder.ts';
import { caller, callerWith, needs } from '../../guard.ts';
import { RoleRef } from '../visibility.ts';
import { AccessLevelRef, HideableFieldRef, PermissionRef, VisibilityScopeRef } from '../vocabulary.ts';

builder.objectFields(RoleRef, (t) => ({
  builtIn: t.boolean({
    description: 'Whether every organization has it; such a role cannot be changed.',
    resolve: ({ key }) => builtInRoles.some((role) => role.key === key),
  }),
  categories: t.idList({
    nullable: true,
    description: 'Keys of the only event categories that it sees; null when it sees all.',
    resolve: ({ visibility }) => (visibility.categories === null ? null : [...visibility.categories]),
  }),
  scope: t.field({
    type: VisibilityScopeRef,
    description: 'Which directories it sees.',
    resolve: ({ visibility }) => visibility.scope,
  }),
  minimumAccessLevel: t.field({
    type: AccessLevelRef,
    description: 'The weakest grant that opens a directory’s entries to it, where its scope is GRANTED.',
    resolve: ({ visibility }) => visibility.minimumAccessLevel,
  }),
  ownActivity: t.boolean({
    description: 'Whether it also sees what a member did itself and what was done to it.',
    resolve: ({ visibility }) => visibility.ownActivity,
  }),
  hiddenFields: t.field({
    type: [HideableFieldRef],
    description: 'What of the entries it sees is hidden from it.',
    resolve: ({ hiddenFields }) => [...hiddenFields],
  }),
}));

const RoleInputRef = builder.inputType('RoleInput', {
  description: 'A whole role: what is left out has its default, whatever it was before.',
  fields: (t) => ({
    key: t.string({
      required: true,
      description: 'Up to 50 capital letters, digits and `_`, such as `HR_AUDITOR`; not one of a built-in role.',
    }),
    name: t.string({ required: true, description: 'The name for people.' }),
    description: t.string({ description: 'What it is for.' }),
    permissions: t.field({ type: [PermissionRef], description: 'What it may do; by default nothing.' }),
    categories: t.idList({ description: 'Keys of the only event categories that it sees; by default all.' }),
    scope: t.field({ type: VisibilityScopeRef, description: 'Which directories it sees; by default NONE.' }),
    minimumAccessLevel: t.field({
      type: AccessLevelRef,
      description: 'The weakest grant that opens a directory’s entries to it; by default ADMINISTRATOR.',
    }),
    ownActivity: t.boolean({
      description: 'Whether it also sees what a member did itself and what was done to it; by default not.',
    }),
    hiddenFields: t.field({
      type: [HideableFieldRef],
      description: 'What of the entries it sees is hidden from it; by default nothing.',
    }),
  }),
});

builder.queryField('roles', (t) =>
  t.field({
    type: [RoleRef],
    description:
      'The roles of the organization, built-in ones first. Needs one of MANAGE_MEMBERS, MANAGE_ROLES and MANAGE_TOKENS.',
    resolve: async (_, __, context) => [...(await context.services.administration.roles(caller(context)))],
  }),
);

builder.mutationFields((t) => ({
  upsertRole: t.field({
    ...needs('MANAGE_ROLES'),
    type: RoleRef,
    description: 'Defines a role, or replaces its definition for everyone who has it.',
    args: { input: t.arg({ type: RoleInputRef, required: true, description: 'The role.' }) },
    resolve: (_, { input }, context) =>
      context.services.administration.upsertRole(callerWith(context, 'MANAGE_ROLES'), input),
  }),
  removeRole: t.boolean({
    ...needs('MANAGE_ROLES'),
    description:
      'Removes a role that nobody has; views are not shared with it any more. Answers whether there was one.',
    args: { key: t.arg.string({ required: true, description: 'Its key.' }) },
    resolve: (_, { key }, context) =>
      context.services.administration.removeRole(callerWith(context, 'MANAGE_ROLES'), key),
  }),
}));
