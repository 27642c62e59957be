import type { EntryInput } from '../../model/entry.ts';
import type { Person } from '../people.ts';
import { by, type Origin, onItem } from '../scene.ts';
import type { Item } from '../vaults.ts';

/** A secret gets a new value; the log names the field, never the value. */
export function rotated(person: Person, origin: Origin, item: Item, reason: string): EntryInput {
  return {
    action: 'passwork.item_updated',
    ...by(person, origin),
    ...onItem(item),
    metadata: { changedFields: ['password'], reason },
  };
}
