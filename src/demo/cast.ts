import { grants } from './grants.ts';
import { formerMemberships, groups, type Person, people } from './people.ts';
import type { DemoGroup } from './types.ts';
import { type Directory, directories, type Item, items } from './vaults.ts';

const ranks = ['READ', 'EDIT', 'FULL_ACCESS', 'ADMINISTRATOR'] as const;

/** Look-ups over people and vaults. Those by id throw RangeError for an unknown one: a story must not name strangers. */
export interface Cast {
  readonly people: readonly Person[];
  person(id: string): Person;
  group(id: string): DemoGroup;
  directory(id: string): Directory;
  item(id: string): Item;
  itemsUnder(directoryId: string): readonly Item[];
  /** What the person may open (or edit), through grants of their own and of their groups, former ones included. */
  itemsOf(person: Person, product: Directory['product'], level?: 'READ' | 'EDIT'): readonly Item[];
}

export function createCast(): Cast {
  const personById = new Map(people.map((person) => [person.externalId, person]));
  const groupById = new Map(groups.map((group) => [group.externalId, group]));
  const directoryById = new Map(directories.map((directory) => [directory.externalId, directory]));
  const itemById = new Map(items.map((item) => [item.id, item]));
  const reach = new Map<string, readonly Item[]>();

  function chain(directory: Directory): readonly string[] {
    const parent = directory.parentId === null ? undefined : directoryById.get(directory.parentId);
    return parent ? [directory.externalId, ...chain(parent)] : [directory.externalId];
  }

  function belongs(person: Person, groupId: string): boolean {
    return (
      find(groupById, groupId).memberIds.includes(person.externalId) ||
      formerMemberships.some(([group, member]) => group === groupId && member === person.externalId)
    );
  }

  function holds(person: Person, item: Item, level: 'READ' | 'EDIT'): boolean {
    const places = chain(item.directory);
    return grants.some(
      ({ directoryId, subject, level: granted }) =>
        ranks.indexOf(granted) >= ranks.indexOf(level) &&
        places.includes(directoryId) &&
        ('groupId' in subject ? belongs(person, subject.groupId) : subject.memberId === person.externalId),
    );
  }

  return {
    people,
    person: (id) => find(personById, id),
    group: (id) => find(groupById, id),
    directory: (id) => find(directoryById, id),
    item: (id) => find(itemById, id),
    itemsUnder: (directoryId) => items.filter((item) => chain(item.directory).includes(directoryId)),
    itemsOf(person, product, level = 'READ') {
      const key = `${person.externalId} ${product} ${level}`;
      const known = reach.get(key);
      if (known) return known;
      const found = items.filter((item) => item.directory.product === product && holds(person, item, level));
      reach.set(key, found);
      return found;
    },
  };
}

function find<T>(known: ReadonlyMap<string, T>, id: string): T {
  const found = known.get(id);
  if (found === undefined) throw new RangeError(`The demo knows no ${id}.`);
  return found;
}
