/** The numbers behind actors and directories, remembered per organization; unknown ones register in one statement each. */
import type { ActorType } from '../model/entry.ts';
import type { ActorToRegister, DirectoryToRegister, Store } from '../store/store.ts';
import type { ValidEntry } from './validate.ts';

export interface EntryNumbers {
  readonly actor: number | null;
  readonly affectedUser: number | null;
  readonly directory: number | null;
  readonly vault: number | null;
}

export interface Registry {
  /** Numbers for each entry; no statement when every name was met before. */
  resolve(organization: number, entries: readonly ValidEntry[]): Promise<EntryNumbers[]>;
}

/** Most names remembered per organization and kind; the least recently used go first. */
const mostRemembered = 100_000;

interface KnownActor {
  readonly number: number;
  readonly name: string | null;
  readonly email: string | null;
}

interface Names {
  readonly actors: Map<string, KnownActor>;
  readonly directories: Map<string, number>;
}

function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

function numberAt(numbers: readonly number[], index: number): number {
  const number = numbers[index];
  if (number === undefined || number === 0) throw new TypeError('the database gave no number for a name');
  return number;
}

const actorKey = (type: ActorType, id: string) => `${type} ${id}`;

function peopleOf(entry: ValidEntry): ActorToRegister[] {
  const { actor, affectedUser } = entry;
  const people: ActorToRegister[] = [];
  if (actor.id !== null) people.push({ type: actor.type, externalId: actor.id, name: actor.name, email: actor.email });
  if (affectedUser.id !== null) {
    people.push({ type: 'MEMBER', externalId: affectedUser.id, name: affectedUser.name, email: affectedUser.email });
  }
  return people;
}

/** The vault first: a folder registers below it. */
function placesOf({ vault, directory }: ValidEntry): DirectoryToRegister[] {
  const places: DirectoryToRegister[] = [];
  if (vault !== null) places.push({ kind: 'VAULT', externalId: vault.id, name: vault.name, parent: null });
  if (directory !== null && directory.id !== vault?.id) {
    places.push({
      kind: vault === null ? 'VAULT' : 'FOLDER',
      externalId: directory.id,
      name: directory.name,
      parent: vault?.id ?? null,
    });
  }
  return places;
}

/** What the names of one batch stand for: what is remembered may be forgotten before the batch is done with it. */
type Numbers = Map<string, number>;

export function openRegistry(
  store: Pick<Store, 'registerActors' | 'registerDirectories'>,
  most = mostRemembered,
): Registry {
  const organizations = new Map<number, Names>();

  const namesOf = (organization: number): Names => {
    const known = organizations.get(organization);
    if (known !== undefined) return known;
    const fresh: Names = { actors: new Map(), directories: new Map() };
    organizations.set(organization, fresh);
    return fresh;
  };

  const registerPeople = async (organization: number, entries: readonly ValidEntry[], { actors }: Names) => {
    const found: Numbers = new Map();
    const missing = new Map<string, ActorToRegister>();
    for (const person of entries.flatMap(peopleOf)) {
      const key = actorKey(person.type, person.externalId);
      const known = actors.get(key);
      if (known !== undefined) {
        found.set(key, known.number);
        remember(actors, key, known, most);
      }
      const renamed =
        (person.name !== null && person.name !== known?.name) ||
        (person.email !== null && person.email !== known?.email);
      if (known === undefined || renamed) missing.set(key, person);
    }
    if (missing.size === 0) return found;
    const list = [...missing];
    const numbers = await store.registerActors(
      organization,
      list.map(([, person]) => person),
    );
    list.forEach(([key, person], index) => {
      const before = actors.get(key);
      const name = person.name ?? before?.name ?? null;
      const email = person.email ?? before?.email ?? null;
      const number = numberAt(numbers, index);
      found.set(key, number);
      remember(actors, key, { number, name, email }, most);
    });
    return found;
  };

  const registerPlaces = async (organization: number, entries: readonly ValidEntry[], { directories }: Names) => {
    const found: Numbers = new Map();
    const missing = new Map<string, DirectoryToRegister>();
    for (const place of entries.flatMap(placesOf)) {
      const { externalId } = place;
      const known = directories.get(externalId);
      if (known !== undefined) {
        found.set(externalId, known);
        remember(directories, externalId, known, most);
      } else if (!missing.has(externalId)) missing.set(externalId, place);
    }
    // Vaults before folders, so that a folder finds its parent.
    for (const kind of ['VAULT', 'FOLDER'] as const) {
      const list = [...missing.values()].filter((place) => place.kind === kind);
      if (list.length === 0) continue;
      const numbers = await store.registerDirectories(organization, list);
      list.forEach(({ externalId }, index) => {
        const number = numberAt(numbers, index);
        found.set(externalId, number);
        remember(directories, externalId, number, most);
      });
    }
    return found;
  };

  return {
    async resolve(organization, entries) {
      const names = namesOf(organization);
      const people = await registerPeople(organization, entries, names);
      const places = await registerPlaces(organization, entries, names);
      const actorNumber = (type: ActorType, id: string | null) =>
        id === null ? null : (people.get(actorKey(type, id)) ?? null);
      const placeNumber = (id: string | undefined) => (id === undefined ? null : (places.get(id) ?? null));
      return entries.map((entry) => ({
        actor: actorNumber(entry.actor.type, entry.actor.id),
        affectedUser: actorNumber('MEMBER', entry.affectedUser.id),
        directory: placeNumber(entry.directory?.id),
        vault: placeNumber(entry.vault?.id),
      }));
    },
  };
}
