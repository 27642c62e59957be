import type { LogFilter, SetCondition } from '../query/filter.ts';
import { bareId, type IdKind } from './ids.ts';

type Ids = readonly string[] | null | undefined;
type BareIds = readonly string[] | null;

/**
 * The same filter with the product’s own ids where a client wrote global ones: the domain knows only those. An actor’s
 * type is dropped; filters match an external id whatever the type.
 */
export function bareFilter(filter: LogFilter | null | undefined): LogFilter | null {
  if (filter === null || filter === undefined) return null;
  const { and, or, not, action, category, actor, affectedUser, directory, vault, ...rest } = filter;
  return {
    ...rest,
    ...(and ? { and: and.map((part) => bareFilter(part) ?? {}) } : {}),
    ...(or ? { or: or.map((part) => bareFilter(part) ?? {}) } : {}),
    ...(not ? { not: bareFilter(not) } : {}),
    ...(action ? { action: bareSet('action', action) } : {}),
    ...(category ? { category: bareSet('category', category) } : {}),
    ...(actor ? { actor: bareSet('actor', actor) } : {}),
    ...(affectedUser ? { affectedUser: bareSet('actor', affectedUser) } : {}),
    ...(directory
      ? { directory: { ...bareSet('directory', directory), under: bareIds('directory', directory.under) } }
      : {}),
    ...(vault ? { vault: bareSet('directory', vault) } : {}),
  };
}

/** What else the condition says stays. */
function bareSet<C extends SetCondition<string>>(kind: IdKind, condition: C): C {
  return { ...condition, in: bareIds(kind, condition.in), notIn: bareIds(kind, condition.notIn) };
}

function bareIds(kind: IdKind, ids: Ids): BareIds {
  return ids?.map((id) => bareId(kind, id)) ?? null;
}
