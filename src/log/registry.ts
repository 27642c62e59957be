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

/** Most names remembered per organization and kind; the oldest go first. */
const remembered = 100_000;

interface KnownActor {
  readonly number: number;
  readonly name: string | null;
  readonly email: string | null;
}

interface Names {
  readonly actors: Map<string, KnownActor>;
  readonly directories: Map<string, number>;
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > remembered && oldest !== undefined) map.delete(oldest);
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

export function openRegistry(store: Pick<Store, 'registerActors' | 'registerDirectories'>): Registry {
  const organizations = new Map<number, Names>();

  const namesOf = (organization: number): Names => {
    const known = organizations.get(organization);
    if (known !== undefined) return known;
    const fresh: Names = { actors: new Map(), directories: new Map() };
    organizations.set(organization, fresh);
    return fresh;
  };

  const registerPeople = async (organization: number, entries: readonly ValidEntry[], { actors }: Names) => {
    const missing = new Map<string, ActorToRegister>();
    for (const person of entries.flatMap(peopleOf)) {
      const key = actorKey(person.type, person.externalId);
      const known = actors.get(key);
      const renamed =
        (person.name !== null && person.name !== known?.name) ||
        (person.email !== null && person.email !== known?.email);
      if (known === undefined || renamed) missing.set(key, person);
    }
    if (missing.size === 0) return;
    const list = [...missing.values()];
    const numbers = await store.registerActors(organization, list);
    list.forEach((person, index) => {
      const before = actors.get(actorKey(person.type, person.externalId));
      remember(actors, actorKey(person.type, person.externalId), {
        number: numbers[index] ?? 0,
        name: person.name ?? before?.name ?? null,
        email: person.email ?? before?.email ?? null,
      });
    });
  };

  const registerPlaces = async (organization: number, entries: readonly ValidEntry[], { directories }: Names) => {
    const missing = new Map<string, DirectoryToRegister>();
    for (const place of entries.flatMap(placesOf)) {
      if (!directories.has(place.externalId) && !missing.has(place.externalId)) missing.set(place.externalId, place);
    }
    // Vaults before folders, so that a folder finds its parent.
    for (const kind of ['VAULT', 'FOLDER'] as const) {
      const list = [...missing.values()].filter((place) => place.kind === kind);
      if (list.length === 0) continue;
      const numbers = await store.registerDirectories(organization, list);
      list.forEach((place, index) => {
        remember(directories, place.externalId, numbers[index] ?? 0);
      });
    }
  };

  return {
    async resolve(organization, entries) {
      const names = namesOf(organization);
      await registerPeople(organization, entries, names);
      await registerPlaces(organization, entries, names);
      const actorNumber = (type: ActorType, id: string | null) =>
        id === null ? null : (names.actors.get(actorKey(type, id))?.number ?? null);
      const placeNumber = (id: string | undefined) => (id === undefined ? null : (names.directories.get(id) ?? null));
      return entries.map((entry) => ({
        actor: actorNumber(entry.actor.type, entry.actor.id),
        affectedUser: actorNumber('MEMBER', entry.affectedUser.id),
        directory: placeNumber(entry.directory?.id),
        vault: placeNumber(entry.vault?.id),
      }));
    },
  };
}
