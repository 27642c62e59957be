import type { InputShapeFromFields } from '@pothos/core';
import type { Principal } from '../../auth/auth.ts';
import { builder } from '../builder.ts';
import type { Services } from '../context.ts';
import { callerWith, needs } from '../guard.ts';
import { actorId } from '../ids.ts';
import { ActorRef, NodeRef } from '../refs.ts';
import { ActorTypeRef } from './vocabulary.ts';

ActorRef.implement({
  description:
    'Someone or something that acts, as known today. What an entry says about its actor is a snapshot of its own time.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'The global id: `actor:`, the type, a colon and the external id.',
      resolve: ({ type, externalId }) => actorId(type, externalId),
    }),
    externalId: t.exposeID('externalId', { description: 'The producing product’s own id, as entries state it.' }),
    type: t.expose('type', { type: ActorTypeRef, description: 'What kind of actor it is.' }),
    name: t.exposeString('name', { nullable: true, description: 'The newest name met.' }),
    email: t.exposeString('email', { nullable: true, description: 'The newest e-mail address met.' }),
  }),
});

export const actorsArgs = builder.args((t) => ({
  search: t.string({
    description: 'Only those whose name, e-mail address or external id contains this text; case does not matter.',
  }),
  first: t.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
}));

/** The actors that the principal sees, as asked for. */
export const readActors = (
  { query }: Services,
  principal: Principal,
  { search, first }: InputShapeFromFields<typeof actorsArgs>,
) => query.actors(principal, { search: search ?? null, first: first ?? null });

builder.queryField('actors', (t) =>
  t.field({
    ...needs('READ'),
    type: [ActorRef],
    description: 'The actors of entries that the caller sees, by name; for the choices of a filter.',
    args: actorsArgs,
    resolve: (_, args, context) => readActors(context.services, callerWith(context, 'READ'), args),
  }),
);
