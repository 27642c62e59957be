/**
 * What reading must answer, said the slow way: whole lists in memory, external ids and keys, no numbers, no SQL. Written
 * from docs/api.md and the rule of visibility, and sharing nothing with the code that it judges but the types of input.
 */
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { EntryInput, Json } from '../../src/model/entry.ts';
import type { TextField } from '../../src/model/text.ts';
import type { LogFilter, MetadataCondition, TimeCondition } from '../../src/query/filter.ts';

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
  /** When the question is asked. */
  readonly now: number;
  /** Roots that the reader may look below; others stand for themselves alone. */
  readonly opens: (directory: string) => boolean;
}

export const directoryOf = ({ input }: Recorded): string | null => input.directory?.id ?? input.vault?.id ?? null;

/** The directory itself and all above it. */
export function* upwards(directory: string, tree: TreeOf): Generator<string> {
  for (let at: string | null = directory; at !== null; at = tree.get(at) ?? null) yield at;
}

interface OneOf<T> {
  readonly in?: readonly T[] | null | undefined;
  readonly notIn?: readonly T[] | null | undefined;
}

interface Exists {
  readonly exists?: boolean | null | undefined;
}

function oneOf<T>(condition: OneOf<T> | null | undefined, values: readonly (T | null | undefined)[]): boolean {
  if (!condition) return true;
  const hit = (list: readonly T[]) => values.some((value) => value != null && list.includes(value));
  if (condition.in && !hit(condition.in)) return false;
  return !(condition.notIn && hit(condition.notIn));
}

const there = (condition: Exists | null | undefined, value: unknown): boolean =>
  condition?.exists == null || condition.exists === (value != null && value !== '');

/** An address bit by bit; an IPv4-mapped one is the IPv4 one. */
function bits(address: string): string {
  const dotted = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(address);
  const spread = (groups: readonly number[], size: number) =>
    groups.map((group) => group.toString(2).padStart(size, '0')).join('');
  if (dotted !== null) return spread(dotted.slice(1).map(Number), 8);
  const [left = '', right] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [groups(left), right === undefined ? [] : groups(right)];
  return spread([...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail], 16);
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', length] = network.split('/');
  const [one, two] = [bits(address), bits(base)];
  const prefix =
    length === undefined ? two.length : Number(length) - (base.includes(':') && two.length === 32 ? 96 : 0);
  return one.length === two.length && one.slice(0, prefix) === two.slice(0, prefix);
}

function comesFrom(condition: LogFilter['ip'], address: string | null | undefined): boolean {
  const hit = (list: readonly string[]) => address != null && list.some((network) => inNetwork(address, network));
  if (condition?.in && !hit(condition.in)) return false;
  return !(condition?.notIn && hit(condition.notIn)) && there(condition, address);
}

/** A value at a path; undefined for none. */
function dig(from: Json | undefined, [key, ...rest]: readonly string[]): Json | undefined {
  if (key === undefined || from === undefined) return from;
  const isObject = typeof from === 'object' && from !== null && !Array.isArray(from);
  const member = isObject ? Object.entries(from).find(([name]) => name === key) : undefined;
  return dig(member?.[1], rest);
}

function tells(condition: MetadataCondition, metadata: EntryInput['metadata']): boolean {
  // Empty metadata is none.
  const kept = Object.keys(metadata ?? {}).length === 0 ? undefined : (metadata ?? undefined);
  const value = dig(kept, condition.key ?? []);
  const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
  const exists = condition.exists == null || condition.exists === (value !== undefined);
  return oneOf(condition, values) && exists;
}

const fold = (text: string) => text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

function leavesOf(value: Json | undefined): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((part) => leavesOf(part)) : [];
}

function textsOf({ input }: Recorded): Record<TextField, readonly (string | null | undefined)[]> {
  const { actor, affectedUser, vault, directory } = input;
  return {
    NAMES: [actor?.name, affectedUser?.name, directory?.name ?? vault?.name, vault?.name],
    EMAIL: [actor?.email, affectedUser?.email],
    // An IPv4-mapped address is written as the IPv4 one.
    IP: [input.ip?.replace(/^::ffff:/i, '')],
    USER_AGENT: [input.userAgent],
    DEVICE: [input.device],
    SESSION: [input.session],
    REQUEST: [input.request],
    LOCATION: [input.location],
    COMPONENT: [input.component],
    TARGETS: (input.targets ?? []).flatMap((target) => [target.id, target.name]),
    CHANGES: (input.changes ?? []).flatMap((change) => [change.field, change.before, change.after]),
    METADATA: leavesOf(input.metadata ?? undefined),
  };
}

function mentions(condition: LogFilter['text'], entry: Recorded): boolean {
  if (!condition) return true;
  const texts = textsOf(entry);
  const fields = condition.in ?? (Object.keys(texts) as TextField[]);
  const found = fields.flatMap((field) => texts[field].map((text) => fold(text ?? '')));
  return condition.contains.every((sought) => found.some((text) => text.includes(fold(sought))));
}

/** The oracle knows days, without a time zone: other units are tested by hand. */
const since = (condition: TimeCondition | null | undefined, now: number): number | null =>
  condition?.within == null
    ? null
    : now -
      condition.within.last *
        { MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000, WEEK: 0, MONTH: 0, YEAR: 0 }[condition.within.unit];

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

const texts = ['component', 'userAgent', 'device', 'session', 'request', 'location'] as const;

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
    there(filter.actor, input.actor?.id) &&
    oneOf(filter.actor?.type, [input.actor?.type ?? (input.actor?.id == null ? 'SYSTEM' : 'MEMBER')]) &&
    oneOf(filter.affectedUser, [input.affectedUser?.id]) &&
    there(filter.affectedUser, input.affectedUser?.id) &&
    oneOf(filter.directory, [directoryOf(entry)]) &&
    there(filter.directory, directoryOf(entry)) &&
    oneOf(filter.vault, [input.vault?.id]) &&
    there(filter.vault, input.vault?.id) &&
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
    there(filter.target, targets[0]) &&
    texts.every((field) => oneOf(filter[field], [input[field]]) && there(filter[field], input[field])) &&
    comesFrom(filter.ip, input.ip) &&
    oneOf(
      filter.changes?.field,
      (input.changes ?? []).map((change) => change.field),
    ) &&
    there(filter.changes, input.changes?.[0]) &&
    (filter.metadata ?? []).every((condition) => tells(condition, input.metadata)) &&
    mentions(filter.text, entry) &&
    between(time(filter.occurredAt?.gte), time(filter.occurredAt?.lt), occurredAt) &&
    between(time(filter.recordedAt?.gte), time(filter.recordedAt?.lt), recordedAt) &&
    between(since(filter.occurredAt, facts.now), null, occurredAt) &&
    between(since(filter.recordedAt, facts.now), null, recordedAt)
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
