import { builder } from '../builder.ts';
import type { AnnalsContext } from '../context.ts';
import { caller, callerWith } from '../guard.ts';
import { parseGlobalId } from '../ids.ts';
import { NodeRef, type NodeValue } from '../refs.ts';

/** Told apart by a member that only the one kind has. */
function typeNameOf(value: NodeValue): string {
  if ('recordedAt' in value) return 'LogEntry';
  if ('template' in value) return 'Action';
  if ('catalogue' in value) return 'EventCategory';
  if ('organizationUid' in value) return 'Organization';
  if ('columns' in value) return 'SavedView';
  return 'kind' in value ? 'Directory' : 'Actor';
}

NodeRef.implement({
  description: 'Anything with a global id, by which `node` finds it again.',
  resolveType: (value) => typeNameOf(value),
  fields: (t) => ({
    id: t.id({
      description:
        'Readable and stable: `entry:<uuid>`, `action:<key>`, `category:<key>`, `actor:<type>:<external id>`, `directory:<external id>`, `organization:<uuid>` or `view:<uuid>`.',
      resolve: () => {
        throw new TypeError('every type answers its own id');
      },
    }),
  }),
});

function load(context: AnnalsContext, text: string): NodeValue | null | Promise<NodeValue | null> {
  const { services, loaders } = context;
  const parsed = parseGlobalId(text);
  switch (parsed?.kind) {
    case 'action':
      return services.catalogue.action(parsed.id) ?? null;
    case 'category':
      return services.catalogue.category(parsed.id) ?? null;
    case 'organization':
      return caller(context).organizationUid === parsed.id ? caller(context) : null;
    case 'entry':
      callerWith(context, 'READ');
      return loaders.entry.load(parsed.id);
    case 'actor':
      return services.query.actor(callerWith(context, 'READ'), parsed.type, parsed.id);
    case 'directory':
      return services.query.directory(callerWith(context, 'READ'), parsed.id);
    case 'view':
      return services.administration.view(callerWith(context, 'READ'), parsed.id);
    default:
      return null;
  }
}

builder.queryField('node', (t) =>
  t.field({
    type: NodeRef,
    nullable: true,
    description:
      'The thing with this global id. Null when it does not exist or is not visible; the two cannot be told apart. Entries, actors, directories and views need the permission READ.',
    args: { id: t.arg.id({ required: true, description: 'A global id, such as `action:passwork.item_viewed`.' }) },
    resolve: (_, { id }, context) => load(context, id),
  }),
);
