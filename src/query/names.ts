/** People and places by their numbers or by what they are called, as far as the reader knows them. */
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Sight } from '../visibility/visibility.ts';
import type { KnownNames } from './dimensions.ts';

/** Of which entries actors are known: those that the principal sees. */
export const seenBy = ({ predicate, everything, hiddenFields }: Sight) => ({
  predicate,
  everything,
  emails: !hiddenFields.has('EMAIL'),
});

/** Directories known without an entry; null for all. */
export const knownOf = (sight: Sight) => (sight.everything ? null : [...sight.known]);

/** No id or name has these characters, and PostgreSQL would refuse the whole statement for them. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

type Who = Pick<Principal, 'organization'>;

export interface NameReader {
  /** Those among the numbers that the reader knows. No statement for no numbers. */
  read(
    who: Who,
    sight: Sight,
    numbers: { actors: readonly number[]; directories: readonly number[] },
  ): Promise<KnownNames>;
  /** Numbers of the actors that the reader knows by a name or id with this text. Errors: QUERY_TOO_LARGE. */
  actorsLike(who: Who, sight: Sight, search: string): Promise<number[]>;
  /** The same of directories. */
  directoriesLike(who: Who, sight: Sight, search: string): Promise<number[]>;
}

/** Most names that a search may stand for. */
const mostNames = 10_000;

function checked<T extends { readonly number: number }>(found: readonly T[], what: string): number[] {
  if (found.length <= mostNames) return found.map(({ number }) => number);
  throw new AnnalsError('QUERY_TOO_LARGE', {
    path: 'search',
    message: `search: more than ${mostNames} ${what} have this text in a name or id.`,
    cure: 'Search for more of the name.',
  });
}

export function openNames(store: Pick<Store, 'searchActors' | 'searchDirectories'>): NameReader {
  const byNumber = <T extends { readonly number: number }>(found: readonly T[]) =>
    new Map(found.map((one) => [one.number, one]));
  const limit = mostNames + 1;
  return {
    async read({ organization }, sight, { actors, directories }) {
      const [people, places] = await Promise.all([
        actors.length === 0
          ? []
          : store.searchActors(organization, seenBy(sight), { only: actors, search: null, limit: actors.length }),
        directories.length === 0
          ? []
          : store.searchDirectories(organization, sight.predicate, {
              known: knownOf(sight),
              within: directories,
              search: null,
              limit: directories.length,
            }),
      ]);
      return { actors: byNumber(people), directories: byNumber(places) };
    },
    async actorsLike({ organization }, sight, search) {
      if (!isStorable(search)) return [];
      return checked(await store.searchActors(organization, seenBy(sight), { only: null, search, limit }), 'actors');
    },
    async directoriesLike({ organization }, sight, search) {
      if (!isStorable(search)) return [];
      const options = { known: knownOf(sight), within: null, search, limit };
      return checked(await store.searchDirectories(organization, sight.predicate, options), 'directories');
    },
  };
}
