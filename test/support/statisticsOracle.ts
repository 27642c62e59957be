/** What statistics must answer, counted entry by entry. Written from docs/statistics.md; shares no code with what it judges. */
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import { actorTypes, outcomes } from '../../src/model/entry.ts';
import type { LogDimension, Statistics } from '../../src/query/query.ts';
import { directoryOf, type Recorded } from './oracle.ts';

const timeOf = (entry: Recorded, time: 'occurredAt' | 'recordedAt'): number =>
  time === 'recordedAt' || entry.input.occurredAt == null
    ? entry.recordedAt
    : new Date(entry.input.occurredAt).getTime();

const actorOf = ({ input: { actor } }: Recorded): string | null =>
  actor?.id == null ? null : `${actor.id} ${actorTypes.indexOf(actor.type ?? 'MEMBER')}`;

/** A value that tells groups apart and sorts as they stand; null is none. */
function valueIn(dimension: LogDimension, entry: Recorded, catalogue: Catalogue): string | null {
  const { input } = entry;
  const action = catalogue.action(input.action);
  if (action === undefined) throw new TypeError(input.action);
  switch (dimension) {
    case 'CATEGORY':
      return action.category;
    case 'ACTION':
      return action.key;
    case 'ACTION_GROUP':
      return action.actionGroup;
    case 'CATALOGUE':
      return action.catalogue;
    case 'ACTOR':
      return actorOf(entry);
    case 'AFFECTED_USER':
      return input.affectedUser?.id == null ? null : `${input.affectedUser.id} 0`;
    case 'DIRECTORY':
      return directoryOf(entry);
    case 'OUTCOME':
      return String(outcomes.indexOf(input.outcome ?? action.defaultOutcome));
    case 'SEVERITY':
      return String(input.severity ?? action.severity).padStart(2, '0');
    case 'COMPONENT':
      return input.component ?? null;
    case 'IP':
      // The one form of an IPv4 address.
      return input.ip?.replace('::ffff:', '') ?? null;
  }
}

/** As the answer words it. */
function worded(dimension: LogDimension, value: string | null): string | null {
  if (value === null) return null;
  if (dimension === 'ACTOR' || dimension === 'AFFECTED_USER') return value.slice(0, -2);
  if (dimension === 'OUTCOME') return outcomes[Number(value)] ?? null;
  return dimension === 'SEVERITY' ? String(Number(value)) : value;
}

/** Byte by byte; none last. */
function compare(one: string | null, other: string | null): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? 1 : -1;
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

export interface Question {
  readonly time: 'occurredAt' | 'recordedAt';
  readonly groupBy: readonly LogDimension[];
  readonly top: number;
  readonly distinctActors: boolean;
  /** Where the buckets of the answer begin and end: zones are judged elsewhere. */
  readonly buckets: readonly { readonly start: number; readonly end: number }[];
}

/** The answer’s own form, with keys as words. */
export function countByHand(entries: readonly Recorded[], question: Question, catalogue: Catalogue) {
  const { time, groupBy, top, buckets } = question;
  const actors = (list: readonly Recorded[]) =>
    question.distinctActors ? new Set(list.map(actorOf).filter((actor) => actor !== null)).size : 0;
  const tally = (list: readonly Recorded[]) => {
    const times = list.map((entry) => timeOf(entry, time));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const seen = list.length > 0;
    return { count: list.length, first: seen ? first : null, last: seen ? last : null, distinctActors: actors(list) };
  };
  const series = (list: readonly Recorded[]) =>
    buckets.map(({ start, end }) => {
      const inside = list.filter((entry) => timeOf(entry, time) >= start && timeOf(entry, time) < end);
      return { start, end, count: inside.length, distinctActors: actors(inside) };
    });
  const keyOf = (entry: Recorded) => groupBy.map((dimension) => valueIn(dimension, entry, catalogue));
  const grouped = groupBy.length === 0 ? [] : [...Map.groupBy(entries, (entry) => JSON.stringify(keyOf(entry)))];
  const sorted = grouped
    .map(([key, list]) => ({ key: JSON.parse(key) as (string | null)[], list }))
    .sort(
      (one, other) =>
        other.list.length - one.list.length ||
        one.key.map((part, index) => compare(part, other.key[index] ?? null)).find((order) => order !== 0) ||
        0,
    );
  const rest = sorted.slice(top).flatMap(({ list }) => list);
  return {
    ...tally(entries),
    buckets: series(entries),
    groups: sorted.slice(0, top).map(({ key, list }) => ({
      keys: key.map((part, index) => worded(groupBy[index] ?? 'ACTION', part)),
      ...tally(list),
      buckets: series(list),
    })),
    rest: rest.length === 0 ? null : { ...tally(rest), groups: sorted.length - top, buckets: series(rest) },
  };
}

/** An answer in the same form. */
export const inWords = ({ time: _, timeZone: __, ...answer }: Statistics) => ({
  ...answer,
  groups: answer.groups.map((group) => ({ ...group, keys: group.keys.map((key) => key.value) })),
});
