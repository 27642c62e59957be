import { builder } from '../builder.ts';
import { caller } from '../guard.ts';
import { globalId } from '../ids.ts';
import { CatalogueRef, NodeRef, OrganizationRef } from '../refs.ts';

OrganizationRef.implement({
  description: 'A tenant. It owns exactly one log, and a credential belongs to exactly one organization.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'The global id: `organization:` and a UUID.',
      resolve: ({ organizationUid }) => globalId('organization', organizationUid),
    }),
    name: t.string({ description: 'Its name.', resolve: ({ organizationName }) => organizationName }),
    catalogues: t.field({
      type: [CatalogueRef],
      description: 'The catalogues whose actions its entries can have.',
      resolve: (_, __, { services }) => services.catalogue.catalogues,
    }),
  }),
});

builder.queryField('organization', (t) =>
  t.field({
    type: OrganizationRef,
    description: 'The organization of the caller’s credential.',
    resolve: (_, __, context) => caller(context),
  }),
);
