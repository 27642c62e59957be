/** The parts of an entry. Names are snapshots from when it happened; `current` leads to what is known today. */
import type { ActorType, Change, Target } from '../../model/entry.ts';
import { builder } from '../builder.ts';
import { type Loaders, seenDirectory } from '../loaders.ts';
import { loadersOf } from '../previewed.ts';
import { ActorRef, DirectoryRef } from '../refs.ts';
import { ActorTypeRef } from './vocabulary.ts';

interface NamedPerson {
  readonly number: number | null;
  readonly name: string | null;
  readonly email: string | null;
}

/** Callers that do not see the whole log know the actor by this entry: a newer name may come from a hidden one. */
async function currentActor({ number, name, email }: NamedPerson, loaders: Loaders) {
  if (number === null) return null;
  const [actor, { everything }] = await Promise.all([loaders.actor.load(number), loaders.sight()]);
  return everything ? actor : { ...actor, name, email };
}

const actorExternalId = ({ number }: NamedPerson, loaders: Loaders) =>
  number === null ? null : loaders.actor.load(number).then((actor) => actor.externalId);

export const LogActorRef = builder.objectRef<NamedPerson & { readonly type: ActorType }>('LogActor').implement({
  description: 'Who did it, as called when it happened.',
  fields: (t) => ({
    type: t.expose('type', { type: ActorTypeRef, description: 'What kind of actor it was.' }),
    id: t.id({
      nullable: true,
      description: 'The producing product’s own id, as the entry stated it; null where it stated none.',
      resolve: (actor, _, context) => actorExternalId(actor, loadersOf(context, actor)),
    }),
    name: t.exposeString('name', { nullable: true, description: 'The name at that time.' }),
    email: t.exposeString('email', { nullable: true, description: 'The e-mail address at that time.' }),
    current: t.field({
      type: ActorRef,
      nullable: true,
      description:
        'The same actor as known today, for callers that see the whole log; for others as known from this entry. Null where the entry stated no id.',
      resolve: (actor, _, context) => currentActor(actor, loadersOf(context, actor)),
    }),
  }),
});

export const AffectedUserRef = builder.objectRef<NamedPerson>('AffectedUser').implement({
  description: 'To whom it was done, as called when it happened.',
  fields: (t) => ({
    id: t.id({
      nullable: true,
      description: 'The producing product’s own id, as the entry stated it; null where it stated none.',
      resolve: (user, _, context) => actorExternalId(user, loadersOf(context, user)),
    }),
    name: t.exposeString('name', { nullable: true, description: 'The name at that time.' }),
    email: t.exposeString('email', { nullable: true, description: 'The e-mail address at that time.' }),
    current: t.field({
      type: ActorRef,
      nullable: true,
      description:
        'The same person as known today, for callers that see the whole log; for others as known from this entry. Null where the entry stated no id.',
      resolve: (user, _, context) => currentActor(user, loadersOf(context, user)),
    }),
  }),
});

export interface NamedDirectory {
  readonly number: number;
  /** As what it is met in the entry. */
  readonly kind: 'VAULT' | 'FOLDER';
  readonly name: string | null;
}

export const LogDirectoryRef = builder.objectRef<NamedDirectory>('LogDirectory').implement({
  description: 'A vault or folder, as called when it happened.',
  fields: (t) => ({
    id: t.id({
      description: 'The producing product’s own id.',
      resolve: async (directory, _, context) =>
        (await loadersOf(context, directory).directory.load(directory.number)).externalId,
    }),
    name: t.exposeString('name', { nullable: true, description: 'The name at that time.' }),
    current: t.field({
      type: DirectoryRef,
      nullable: true,
      description:
        'The same directory as known today; null where the caller sees entries in it, but not the directory itself.',
      resolve: (directory, _, context) => {
        const { number, kind, name } = directory;
        return seenDirectory(loadersOf(context, directory), number, { kind, name });
      },
    }),
  }),
});

export const LogTargetRef = builder.objectRef<Target>('LogTarget').implement({
  description: 'Something it was done to.',
  fields: (t) => ({
    type: t.exposeString('type', { description: 'What kind of thing, such as `item`, `link`, `group` or `session`.' }),
    id: t.exposeID('id', { nullable: true, description: 'The producing product’s own id.' }),
    name: t.exposeString('name', { nullable: true, description: 'The name at that time.' }),
  }),
});

export const LogChangeRef = builder.objectRef<Change>('LogChange').implement({
  description: 'One field that was changed.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'The field, as the source calls it.' }),
    before: t.exposeString('before', { nullable: true, description: 'Its value before; null where there was none.' }),
    after: t.exposeString('after', { nullable: true, description: 'Its value after; null where there is none.' }),
  }),
});
