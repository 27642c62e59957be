/** Names behind the numbers in entries, and entries behind ids: each kind in one statement for a whole page. */
import DataLoader from 'dataloader';
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Entry } from '../model/entry.ts';
import type { LogFilter, Tally } from '../query/query.ts';
import type { StoredActor, StoredDirectoryName } from '../store/store.ts';
import type { Sight } from '../visibility/visibility.ts';
import type { Services } from './context.ts';

/** One set per operation, and one per delivered batch of a subscription: what they loaded must not grow old. */
export interface Loaders {
  /** By number. Entries that the principal sees name it, so there is nothing to check. */
  readonly actor: DataLoader<number, StoredActor>;
  /** By number; the same holds. */
  readonly directory: DataLoader<number, StoredDirectoryName>;
  /** What visible entries call a directory that the principal knows, by number; null where none names it. */
  readonly directoryName: DataLoader<number, string | null>;
  /** By UUID, under visibility; null for a hidden and for a missing one, and always without the permission READ. */
  readonly entry: DataLoader<string, Entry | null>;
  /** By action key: how many visible entries match, and when; one statement for each filter, however many ask. */
  activity(filter: LogFilter | null): Promise<ReadonlyMap<string, Tally>>;
  /** What the principal sees. */
  sight(): Promise<Sight>;
  /** A value made from loaded ones, told of like them. */
  made<T extends object>(value: T): T;
}

type LoaderServices = Pick<Services, 'names' | 'query' | 'visibility'>;

/**
 * The loaders of one operation or batch. Without a principal they exist, and answer UNAUTHENTICATED: the guard of the
 * root fields keeps operations from getting this far.
 * @param mark told of every value loaded whose fields depend on who reads it
 */
export function createLoaders(
  services: LoaderServices,
  principal: Principal | null,
  mark?: (value: object) => void,
): Loaders {
  const who = (): Principal => {
    if (principal === null) throw new AnnalsError('UNAUTHENTICATED');
    return principal;
  };
  let sight: Promise<Sight> | undefined;
  const activities = new Map<string, Promise<ReadonlyMap<string, Tally>>>();
  const seen = async () => {
    sight ??= services.visibility.sightOf(who());
    return sight;
  };
  return {
    actor: new DataLoader<number, StoredActor>(async (numbers) => {
      const { organization, role } = who();
      const actors = await services.names.readActors(organization, numbers);
      const shown = role.hiddenFields.has('EMAIL') ? actors.map((actor) => ({ ...actor, email: null })) : actors;
      return inOrder(numbers, shown, 'actor');
    }),
    directory: new DataLoader<number, StoredDirectoryName>(async (numbers) => {
      const directories = await services.names.readDirectories(who().organization, numbers);
      if (mark !== undefined) directories.forEach(mark);
      return inOrder(numbers, directories, 'directory');
    }),
    directoryName: new DataLoader(async (numbers) => {
      const [{ organization }, { predicate }] = [who(), await seen()];
      const search = { known: numbers, within: numbers, search: null, limit: numbers.length };
      const found = await services.names.searchDirectories(organization, predicate, search);
      const names = new Map(found.map(({ number, name }) => [number, name]));
      return numbers.map((number) => names.get(number) ?? null);
    }),
    entry: new DataLoader(async (ids) => {
      const caller = who();
      if (!caller.role.permissions.has('READ')) return ids.map(() => null);
      const entries = await services.query.entries(caller, ids);
      if (mark !== undefined) entries.forEach(mark);
      const byId = new Map(entries.map((entry) => [entry.id, entry]));
      return ids.map((id) => byId.get(id) ?? null);
    }),
    async activity(filter) {
      const key = JSON.stringify(filter);
      const known = activities.get(key) ?? services.query.activity(who(), filter);
      activities.set(key, known);
      return known;
    },
    sight: seen,
    made(value) {
      mark?.(value);
      return value;
    },
  };
}

/**
 * The directory, unless the principal sees neither it nor what lies above it; by the name that the product keeps, or that a
 * visible entry carries. The newest name of all is for principals that see every entry.
 * @param stated what a visible entry says of it: for a principal that must not know more
 */
export async function seenDirectory(
  loaders: Loaders,
  number: number,
  stated?: Pick<StoredDirectoryName, 'kind' | 'name'>,
): Promise<StoredDirectoryName | null> {
  const { everything, known, directories } = await loaders.sight();
  if (everything) return loaders.directory.load(number);
  if (!known.has(number)) {
    if (stated === undefined || !directories.has(number)) return null;
    return loaders.made({ ...(await loaders.directory.load(number)), ...stated });
  }
  const directory = await loaders.directory.load(number);
  const name = directory.keptName ?? stated?.name ?? (await loaders.directoryName.load(number));
  return loaders.made({ ...directory, name });
}

/**
 * A member as an actor. A principal that does not see the whole log knows it as the organization’s members are kept: what
 * entries called it last may be hidden.
 */
export async function memberActor(
  loaders: Loaders,
  principal: Principal | null,
  member: { readonly actor: number; readonly name: string; readonly email: string | null },
): Promise<StoredActor> {
  const [actor, { everything }] = await Promise.all([loaders.actor.load(member.actor), loaders.sight()]);
  if (everything) return actor;
  const hidden = principal?.role.hiddenFields.has('EMAIL') ?? true;
  return { ...actor, name: member.name, email: hidden ? null : member.email };
}

function inOrder<T extends { readonly number: number }>(
  numbers: readonly number[],
  rows: readonly T[],
  what: string,
): (T | Error)[] {
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  // A foreign key promises that every number is there.
  return numbers.map(
    (number) => byNumber.get(number) ?? new AnnalsError('INTERNAL', { cause: new Error(`no ${what} ${number}`) }),
  );
}
