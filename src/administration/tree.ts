import type { PlaceRecord } from '../store/store.ts';
import { badInput } from './checks.ts';

type Directories = ReadonlyMap<string, PlaceRecord>;

/**
 * Throws BAD_INPUT with the path of a directory whose parent is itself or lies under it. What else is there is a tree
 * already, so a ring leads through one that the request names.
 */
export function checkTree(directories: Directories, named: readonly { readonly id: string }[]): void {
  const safe = new Set<string>();
  for (const [index, { id }] of named.entries()) {
    const path = new Set<string>();
    for (let at: string | null = id; at !== null && !safe.has(at); at = directories.get(at)?.parentId ?? null) {
      if (path.has(at)) {
        const message = `${JSON.stringify(id)} would lie under itself.`;
        throw badInput(`directories[${index}].parentId`, message, 'Move what lies under it away first.');
      }
      path.add(at);
    }
    for (const one of path) safe.add(one);
  }
}

/** For each root that is there: itself with everything under it. */
export function subtrees(directories: Directories, roots: readonly string[]): ReadonlyMap<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  if (roots.length === 0) return found;
  const children = Map.groupBy(directories.values(), (one) => one.parentId);
  for (const root of roots) {
    if (!directories.has(root)) continue;
    const under = new Set([root]);
    // A Set iterates over what is added while it does.
    for (const id of under) for (const child of children.get(id) ?? []) under.add(child.externalId);
    found.set(root, under);
  }
  return found;
}
