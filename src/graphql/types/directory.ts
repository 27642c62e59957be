import type { InputShapeFromFields } from '@pothos/core';
import type { Principal } from '../../auth/auth.ts';
import type { StoredDirectoryName } from '../../store/store.ts';
import { builder } from '../builder.ts';
import type { Services } from '../context.ts';
import { callerWith, needs } from '../guard.ts';
import { bareId, globalId } from '../ids.ts';
import { type Loaders, seenDirectory } from '../loaders.ts';
import { loadersOf } from '../previewed.ts';
import { DirectoryRef, NodeRef } from '../refs.ts';
import { DirectoryKindRef } from './vocabulary.ts';

async function pathOf(loaders: Loaders, directory: StoredDirectoryName): Promise<string[]> {
  const path: string[] = [];
  // Each number once: a tree that were ever damaged into a ring must end here too.
  const seen = new Set<number>();
  let at: StoredDirectoryName | null = directory;
  while (at !== null && !seen.has(at.number)) {
    seen.add(at.number);
    path.unshift(at.name ?? at.externalId);
    at = at.parent === null ? null : await seenDirectory(loaders, at.parent);
  }
  return path;
}

DirectoryRef.implement({
  description: 'A vault or a folder, as known today. What an entry says about it is a snapshot of its own time.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'The global id: `directory:` and the external id.',
      resolve: ({ externalId }) => globalId('directory', externalId),
    }),
    externalId: t.exposeID('externalId', { description: 'The producing product’s own id, as entries state it.' }),
    kind: t.expose('kind', { type: DirectoryKindRef, description: 'A vault or a folder.' }),
    name: t.exposeString('name', { nullable: true, description: 'The newest name met.' }),
    parent: t.field({
      type: DirectoryRef,
      nullable: true,
      description: 'The directory above; null at the top, and where the caller does not see the one above.',
      resolve: (directory, _, context) =>
        directory.parent === null ? null : seenDirectory(loadersOf(context, directory), directory.parent),
    }),
    path: t.field({
      type: ['String'],
      description:
        'Names from the highest directory that the caller sees down to this one: `["Servers", "Production"]`. Where a name is unknown, the external id.',
      resolve: (directory, _, context) =>
        directory.parent === null
          ? [directory.name ?? directory.externalId]
          : pathOf(loadersOf(context, directory), directory),
    }),
  }),
});

export const directoriesArgs = builder.args((t) => ({
  search: t.string({
    description: 'Only those whose name or external id contains this text; case does not matter.',
  }),
  under: t.id({
    description: 'Only this directory and what lies under it: its external id, or its global id.',
  }),
  first: t.int({ defaultValue: 50, description: 'At most so many, 0 to 500.' }),
}));

type DirectoriesArgs = InputShapeFromFields<typeof directoriesArgs>;

/** The directories that the principal sees, as asked for. */
export const readDirectories = ({ query }: Services, principal: Principal, { search, under, first }: DirectoriesArgs) =>
  query.directories(principal, {
    search: search ?? null,
    under: under ? bareId('directory', under) : null,
    first: first ?? null,
  });

builder.queryField('directories', (t) =>
  t.field({
    ...needs('READ'),
    type: [DirectoryRef],
    description:
      'The directories that the caller has sufficient grants on, or sees entries of, by name; for the choices of a filter.',
    args: directoriesArgs,
    resolve: (_, args, context) => readDirectories(context.services, callerWith(context, 'READ'), args),
  }),
);
