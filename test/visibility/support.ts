/** What the oracle says about names: which actors and directories a reader may be shown. */
import { directoryOf, opensTo, type Reader, type Recorded, type TreeOf } from '../support/oracle.ts';

/** `type:id` of whoever did something in, or was affected by, one of the entries. */
export function actorsIn(visible: readonly Recorded[]): Set<string> {
  const found = new Set<string>();
  for (const { input } of visible) {
    if (input.actor?.id != null) found.add(`${input.actor.type ?? 'MEMBER'}:${input.actor.id}`);
    if (input.affectedUser?.id != null) found.add(`MEMBER:${input.affectedUser.id}`);
  }
  return found;
}

/** Directories that are open to the reader, and those that one of the entries happened in. */
export function directoriesOf(
  reader: Reader,
  visible: readonly Recorded[],
  tree: TreeOf,
  known: Iterable<string>,
): Set<string> {
  const found = new Set([...known].filter((directory) => opensTo(reader, directory, tree)));
  for (const entry of visible) {
    const directory = directoryOf(entry);
    if (directory !== null) found.add(directory);
  }
  return found;
}
