import type { Store } from '../store/store.ts';

/** An organization’s directories at one rights version. */
export interface Tree {
  /** The directories and all below them, except what lies at or under one of `except` without being a root itself. */
  under(roots: ReadonlySet<number>, except?: ReadonlySet<number>): Set<number>;
}

export interface Trees {
  of(at: { readonly organization: number; readonly rightsVersion: number }): Promise<Tree>;
}

function treeOf(rows: readonly { id: number; parent: number | null }[]): Tree {
  const children = new Map<number, number[]>();
  for (const { id, parent } of rows) {
    if (parent === null) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [id]);
    else siblings.push(id);
  }
  return {
    under(roots, except) {
      const found = new Set(roots);
      // A Set iterates over what is added while it does, so this walks the whole subtree, each directory once.
      for (const id of found) for (const child of children.get(id) ?? []) if (!except?.has(child)) found.add(child);
      return found;
    },
  };
}

/** Keeps one tree per organization: that of the newest rights version asked for. */
export function openTrees(store: Pick<Store, 'readTree'>): Trees {
  const kept = new Map<number, { rightsVersion: number; tree: Promise<Tree> }>();
  return {
    of({ organization, rightsVersion }) {
      const known = kept.get(organization);
      // A tree read under a newer version serves an older one too: rights are judged by today’s tree.
      if (known !== undefined && known.rightsVersion >= rightsVersion) return known.tree;
      const tree = store.readTree(organization).then(treeOf);
      tree.catch(() => kept.delete(organization));
      kept.set(organization, { rightsVersion, tree });
      return tree;
    },
  };
}
