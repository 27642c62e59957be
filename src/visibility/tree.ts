import type { Principal } from '../auth/auth.ts';
import type { Store } from '../store/store.ts';

/** An organization’s directories as of one moment. */
export interface Tree {
  /** The directories and all below them, except what lies at or under one of `except` without being a root itself. */
  under(roots: ReadonlySet<number>, except?: ReadonlySet<number>): Set<number>;
}

export interface Trees {
  of(at: Pick<Principal, 'organization' | 'rightsVersion' | 'treeVersion'>): Promise<Tree>;
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

/** Keeps one tree per organization: that of the newest versions asked for. */
export function openTrees(store: Pick<Store, 'readTree'>): Trees {
  const kept = new Map<number, { version: number; tree: Promise<Tree> }>();
  return {
    of({ organization, rightsVersion, treeVersion }) {
      // Neither ever falls, and directories change with either.
      const version = rightsVersion + treeVersion;
      const known = kept.get(organization);
      // A tree read under newer versions serves an older one too: rights are judged by today’s tree.
      if (known !== undefined && known.version >= version) return known.tree;
      const tree = store.readTree(organization).then(treeOf);
      tree.catch(() => kept.delete(organization));
      kept.set(organization, { version, tree });
      return tree;
    },
  };
}
