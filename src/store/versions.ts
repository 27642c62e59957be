/**
 * The versions of an organization’s `log_head h`: of its rights, and of the tree that they are judged by. The column
 * `rights_version` counts both, for servers of a version that knows no other; see docs/storage.md.
 */
export const versionColumns = 'h.rights_version - h.tree_version, h.tree_version';

/** Each only grows. */
export interface Versions {
  /** Grows with every change of rights: members, groups, grants, roles, tokens, and directories that a mutation wrote. */
  readonly rightsVersion: number;
  /** Grows with directories that entries named for the first time. Nothing that was there before is seen otherwise for it. */
  readonly treeVersion: number;
}
