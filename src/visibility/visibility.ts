/** Principal to predicate: what it may see, and why. Every path to entries asks here. */

import type { Principal } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { isAlways, isNever, type Predicate } from '../model/predicate.ts';
import { type AccessLevel, type HideableField, reaches, visibilityPredicate } from '../model/role.ts';
import type { StatedGrant, Store, StoredGrant } from '../store/store.ts';
import { actionsOf } from './actions.ts';
import { openTrees, type Tree } from './tree.ts';

export {
  type AccessPage,
  type ExplainedGrant,
  type Explanations,
  type MemberView,
  openExplanations,
} from './explain.ts';
export { openPreviews, type Previews } from './preview.ts';
export type { AccessHolder, AccessReason } from './reasons.ts';

export interface Sight {
  readonly predicate: Predicate;
  readonly rightsVersion: number;
  /** Sees every entry: only such principals learn positions and sizes. */
  readonly everything: boolean;
  readonly nothing: boolean;
  /** Directories seen through grants, with all below them. */
  readonly directories: ReadonlySet<number>;
  /**
   * Those of them of which the principal knows whatever the organization knows: those that follow from stored grants; of a
   * role limited to categories, those on which one stands. The others may have been met, and named, in hidden entries only.
   */
  readonly known: ReadonlySet<number>;
  /** Directories on which a sufficient stored grant stands. */
  readonly granted: ReadonlySet<number>;
  /** How many those are, with those that the credential states. */
  readonly grantedCount: number;
  /** What the directories follow from: the grants to the principal and to its groups; none where the role sees all or none. */
  readonly grants: readonly StoredGrant[];
  /** What the credential states itself, where it does. That it was met, and where it lies, may be known from hidden entries only. */
  readonly stated: readonly StatedGrant[];
  /**
   * Changes with the rights themselves: the role, who the principal is where that matters, and the directories granted.
   * Not with the tree: that others made folders is nothing to be told about.
   */
  readonly fingerprint: string;
  /** What of the entries it sees the role is kept from. */
  readonly hiddenFields: ReadonlySet<HideableField>;
}

export interface Visibility {
  /**
   * What the principal sees, as of its versions. Its grants are read once for each version of the rights; when the tree
   * alone moved on, the sight is made anew from them and from the tree, which all principals share.
   */
  sightOf(principal: Principal): Promise<Sight>;
  /**
   * The directories and all below them, in the tree of the principal’s versions; for `under` in filters. Of a
   * directory that the principal does not see through a grant, the directory alone: what lies below it is part of the
   * tree that is hidden.
   */
  under(principal: Principal, directories: readonly number[]): Promise<Set<number>>;
}

export interface VisibilityDeps {
  readonly store: Pick<Store, 'readTree' | 'readGrants' | 'readStatedGrants'>;
  readonly catalogue: Pick<Catalogue, 'actionsOf'>;
  readonly actionNumber: (key: string) => number | undefined;
}

/** What a principal’s directories follow from. */
interface Grants {
  readonly stored: readonly StoredGrant[];
  readonly stated: readonly StatedGrant[];
}

interface KeptSight {
  readonly rightsVersion: number;
  readonly treeVersion: number;
  readonly grants: Promise<Grants>;
  readonly sight: Promise<Sight>;
}

const noGrants: Grants = { stored: [], stated: [] };

/** Most principals whose sight is kept; the least recently used goes first. */
const cacheLimit = 10_000;

function fingerprintOf({ role, member, jwt }: Principal, grants: readonly StoredGrant[]): string {
  const { key, visibility, hiddenFields } = role;
  const stated = jwt?.stated ?? null;
  const rows = grants.map(({ directory, level, group }) => `${directory} ${level} ${group}`).sort();
  // As stated: a directory that is met for the first time was granted all along.
  const places = stated?.directories.map(({ id, level }) => JSON.stringify([id, level])).sort() ?? null;
  const personal = visibility.scope === 'ALL' ? [] : [member?.actor ?? null, rows, places];
  return JSON.stringify([key, visibility, [...hiddenFields].sort(), personal]);
}

/**
 * Directories on which a grant, or the nearest grant above to the same subject, gives at least the level. A grant on a
 * folder overrides what its subject inherits there; of the member and its groups, the one that gives most counts.
 */
function reached(tree: Tree, grants: readonly StoredGrant[], minimum: AccessLevel): Set<number> {
  const found = new Set<number>();
  for (const own of Map.groupBy(grants, (grant) => grant.group).values()) {
    const [enough, less] = [true, false].map(
      (sufficient) =>
        new Set(own.filter(({ level }) => reaches(level, minimum) === sufficient).map(({ directory }) => directory)),
    );
    for (const directory of tree.under(enough ?? new Set(), less)) found.add(directory);
  }
  return found;
}

export function openVisibility(deps: VisibilityDeps): Visibility {
  const trees = openTrees(deps.store);
  const cache = new Map<string, KeptSight>();

  /** Stated rights and stored ones never mix: what is stored about a member whose credential states them is not read. */
  const grantsOf = async ({ organization, member, role, jwt }: Principal): Promise<Grants> => {
    if (role.visibility.scope !== 'GRANTED' || member === null) return noGrants;
    const claims = jwt?.stated ?? null;
    if (claims !== null) return deps.store.readStatedGrants(organization, claims.groups, claims.directories);
    return { ...noGrants, stored: member.id === null ? [] : await deps.store.readGrants(organization, member.id) };
  };

  /** Where the rights did not change, those that were read count, but for a stated directory that was not met until now. */
  const grantsAgain = async (principal: Principal, before: Promise<Grants>): Promise<Grants> => {
    const known = await before;
    return known.stated.some(({ directory }) => directory === null) ? await grantsOf(principal) : known;
  };

  const compile = async (principal: Principal, readGrants: Promise<Grants>): Promise<Sight> => {
    const { visibility: rule } = principal.role;
    const minimum = rule.minimumAccessLevel;
    let directories: ReadonlySet<number> = new Set();
    let kept: ReadonlySet<number> = directories;
    const isGranted = rule.scope === 'GRANTED' && principal.member !== null;
    const [tree, { stored: grants, stated }] = await Promise.all([isGranted ? trees.of(principal) : null, readGrants]);
    if (tree !== null) {
      const met = stated.flatMap(({ directory, level }) =>
        directory === null ? [] : [{ directory, level, group: null }],
      );
      directories = reached(tree, [...grants, ...met], minimum);
      kept = met.length === 0 ? directories : reached(tree, grants, minimum);
    }
    const granted = new Set(grants.filter(({ level }) => reaches(level, minimum)).map(({ directory }) => directory));
    const alsoStated = stated.filter(
      ({ directory, level }) => reaches(level, minimum) && (directory === null || !granted.has(directory)),
    );
    const actions = actionsOf(rule, deps);
    const predicate = visibilityPredicate(rule, { actor: principal.member?.actor ?? null, directories, actions });
    const everything = isAlways(predicate);
    return {
      predicate,
      rightsVersion: principal.rightsVersion,
      everything,
      nothing: isNever(predicate),
      directories,
      known: rule.categories === null ? kept : granted,
      granted,
      grantedCount: granted.size + alsoStated.length,
      grants,
      stated,
      hiddenFields: principal.role.hiddenFields,
      fingerprint: fingerprintOf(principal, grants),
    };
  };

  const sightOf = (principal: Principal): Promise<Sight> => {
    const { rightsVersion, treeVersion } = principal;
    const key = `${principal.organization}:${principal.tokenId}:${principal.role.key}`;
    const known = cache.get(key);
    cache.delete(key);
    const isSame = known?.rightsVersion === rightsVersion;
    if (isSame && known.treeVersion >= treeVersion) {
      cache.set(key, known);
      return known.sight;
    }
    const grants = isSame ? grantsAgain(principal, known.grants) : grantsOf(principal);
    const sight = compile(principal, grants);
    const fresh = { rightsVersion, treeVersion, grants, sight };
    // A failed compilation is not remembered.
    sight.catch(() => cache.get(key) === fresh && cache.delete(key));
    cache.set(key, fresh);
    const [oldest] = cache.keys();
    if (cache.size > cacheLimit && oldest !== undefined) cache.delete(oldest);
    return sight;
  };

  return {
    sightOf,
    async under(principal, directories) {
      const [tree, sight] = await Promise.all([trees.of(principal), sightOf(principal)]);
      const seen = directories.filter((one) => sight.everything || sight.directories.has(one));
      return new Set([...directories, ...tree.under(new Set(seen))]);
    },
  };
}
