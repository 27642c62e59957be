import type { Access } from '../access/access.ts';
import type { Management } from '../administration/administration.ts';
import type { Principal } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Limits } from '../limits/limits.ts';
import type { Live, Renewals } from '../live/live.ts';
import type { Log } from '../log/log.ts';
import type { Query } from '../query/query.ts';
import type { Store } from '../store/store.ts';
import type { Explanations, Previews, Visibility } from '../visibility/visibility.ts';
import type { Answering } from './inTime.ts';
import type { Loaders } from './loaders.ts';

/** The domain, as the composition root opened it. */
export interface Services {
  readonly catalogue: Catalogue;
  readonly log: Log;
  /** Records within the caller’s limits. */
  readonly limits: Pick<Limits, 'record'>;
  readonly query: Query;
  readonly live: Live;
  readonly visibility: Visibility;
  readonly explanations: Explanations;
  readonly previews: Previews;
  /** Names behind the numbers in entries that the principal already sees, and those that such entries carry. */
  readonly names: Pick<Store, 'readActors' | 'readDirectories' | 'searchDirectories'>;
  readonly actions: ActionNumbers;
  readonly access: Access;
  /** Changes of members, groups, directories, grants, roles and tokens, each by a principal. */
  readonly administration: Management;
}

/** Action keys and the small numbers that stand for them in entries. */
export interface ActionNumbers {
  /** The number of a key; undefined for an unknown key. */
  number(key: string): number | undefined;
  /** The key of a number; a number always has one. */
  key(number: number): string;
}

/** One per operation, and renewed for every delivered batch of a subscription. */
export interface AnnalsContext {
  /**
   * Null when the request carried no credential: then only introspection answers. A subscription replaces it before
   * each batch by the one under whose rights the batch was made.
   */
  principal: Principal | null;
  readonly services: Services;
  /** Loaders remember what they loaded; a subscription replaces them before each batch. */
  loaders: Loaders;
  /** Of a subscription: the batch that is being answered. */
  answering?: Answering;
  /** Values that were read as somebody else, with the loaders of that view; see previewed.ts. */
  previewed?: WeakMap<object, Loaders>;
  /** Where the credential of its streams can be replaced; null where it cannot. */
  readonly renewals: Renewals | null;
  readonly requestId: string;
  /** BCP 47; descriptions are rendered in it where templates exist, else in English. */
  readonly locale: string;
}
