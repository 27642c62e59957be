/**
 * What reading must answer, said the slow way: whole lists in memory, external ids and keys, no numbers, no SQL. Written
 * from docs/api.md and the rule of visibility, and sharing nothing with the code that it judges but the types of input.
 */
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import type { LogFilter } from '../../src/query/query.ts';

/** An entry as it was stated, with what the log gave it. */
export interface Recorded {
  readonly input: EntryInput;
  readonly id: string;
  readonly recordedAt: number;
}

/** External id of a directory to that of the one above it. */
export type TreeOf = ReadonlyMap<string, string | null>;

export interface Facts {
  readonly catalogue: Catalogue;
  readonly tree: TreeOf;
  /** Roots that the reader may look below; others stand for themselves alone. */
  readonly opens: (directory: string) => boolean;
}

export const directoryOf = ({ input }: Recorded): string | null => input.directory?.id ?? input.vault?.id ?? null;

/** The directory itself and all above it. */
export function* upwards(directory: string, tree: TreeOf): Generator<string> {
  for (let at: string | null = directory; at !== null; at = tree.get(at) ?? null) yield at;
}

interface OneOf<T> {
  readonly in?: readonly T[] | null;
  readonly notIn?: readonly T[] | null;
}

function oneOf<T>(condition: OneOf<T> | null | undefined, values: readonly (T | null | undefined)[]): boolean {
  if (!condition) return true;
  const hit = (list: readonly T[]) => values.some((value) => value != null && list.includes(value));
  if (condition.in && !hit(condition.in)) return false;
  return !(condition.notIn && hit(condition.notIn));
}

function between(gte: number | null | undefined, lt: number | null | undefined, value: number): boolean {
  return (gte == null || value >= gte) && (lt == null || value < lt);
}

const time = (text: string | null | undefined) => (text == null ? null : Date.parse(text));

function isUnder(filter: LogFilter, entry: Recorded, facts: Facts): boolean {
  const roots = filter.directory?.under;
  const directory = directoryOf(entry);
  if (!roots) return true;
  if (directory === null) return false;
  return roots.some(
    (root) => root === directory || (facts.opens(root) && [...upwards(directory, facts.tree)].includes(root)),
  );
}

/** Whether the entry satisfies the filter. */
export function accepts(filter: LogFilter | null | undefined, entry: Recorded, facts: Facts): boolean {
  if (!filter) return true;
  const { input, recordedAt } = entry;
  const action = facts.catalogue.action(input.action);
  if (action === undefined) throw new TypeError(input.action);
  const severity = input.severity ?? action.severity;
  const occurredAt = input.occurredAt == null ? recordedAt : new Date(input.occurredAt).getTime();
  const targets = input.targets ?? [];
  return (
    (filter.and ?? []).every((part) => accepts(part, entry, facts)) &&
    (filter.or ? filter.or.some((part) => accepts(part, entry, facts)) : true) &&
    (filter.not ? !accepts(filter.not, entry, facts) : true) &&
    oneOf(filter.action, [action.key]) &&
    oneOf(filter.category, [action.category]) &&
    oneOf(filter.catalogue, [action.catalogue]) &&
    oneOf(filter.actionGroup, [action.actionGroup]) &&
    oneOf(filter.actor, [input.actor?.id]) &&
    oneOf(filter.affectedUser, [input.affectedUser?.id]) &&
    oneOf(filter.directory, [directoryOf(entry)]) &&
    isUnder(filter, entry, facts) &&
    oneOf(
      filter.target,
      targets.map((target) => target.id),
    ) &&
    oneOf(
      filter.target?.type,
      targets.map((target) => target.type),
    ) &&
    oneOf(filter.outcome, [input.outcome ?? action.defaultOutcome]) &&
    oneOf(filter.severity, [severity]) &&
    between(filter.severity?.gte, filter.severity?.lt, severity) &&
    oneOf(filter.component, [input.component]) &&
    between(time(filter.occurredAt?.gte), time(filter.occurredAt?.lt), occurredAt) &&
    between(time(filter.recordedAt?.gte), time(filter.recordedAt?.lt), recordedAt)
  );
}

/** Who looks, with its grants resolved by hand. */
export interface Reader {
  /** External id of the member; null for a token of no member. */
  readonly member: string | null;
  readonly role: string;
  /** For the member and for each of its groups: on which directories a grant stands, and whether it is ADMINISTRATOR. */
  readonly grants: readonly ReadonlyMap<string, boolean>[];
}

const seesAll = new Set(['OWNER', 'ADMINISTRATOR', 'AUDITOR']);

/**
 * Whether a directory is one that the reader administers: for the member or one of its groups, the nearest grant at or
 * above it is ADMINISTRATOR.
 */
export const opensTo = (reader: Reader, directory: string, tree: TreeOf): boolean => {
  if (seesAll.has(reader.role)) return true;
  if (reader.role !== 'MEMBER') return false;
  const above = [...upwards(directory, tree)];
  return reader.grants.some((own) => {
    const nearest = above.find((one) => own.has(one));
    return nearest !== undefined && own.get(nearest) === true;
  });
};

/** Directories on which the member, or one of its groups, has a grant of ADMINISTRATOR. */
export const administered = (reader: Reader): Set<string> =>
  new Set(reader.grants.flatMap((own) => [...own].filter(([, enough]) => enough).map(([directory]) => directory)));

/** The rule: everything; or in or under a directory one administers; or one’s own activity. */
export function sees(reader: Reader, entry: Recorded, tree: TreeOf): boolean {
  if (seesAll.has(reader.role)) return true;
  if (reader.role !== 'MEMBER') return false;
  const { actor, affectedUser } = entry.input;
  const isMember = actor?.type == null || actor.type === 'MEMBER';
  const directory = directoryOf(entry);
  return (
    (directory !== null && opensTo(reader, directory, tree)) ||
    (actor?.id === reader.member && isMember) ||
    affectedUser?.id === reader.member
  );
}
