/**
 * Which part of a question cells answer, and which part is read as rows. Every entry is counted by exactly one of them, so
 * that the answer is the same whatever has been rolled up.
 */
import { both, type Predicate, type PredicateField } from '../model/predicate.ts';
import { type Cube, cubes, type RollUpDimension, shortestSlotMs } from '../model/rollUp.ts';
import { mostAheadMs } from '../model/time.ts';
import type { RolledPart } from '../store/store.ts';

export type StatisticsTime = 'occurredAt' | 'recordedAt';

/** Milliseconds; null is open. */
export interface Period {
  readonly gte: number | null;
  readonly lt: number | null;
}

export interface StatisticsPlan {
  readonly rows: Predicate | null;
  readonly rolled: RolledPart | null;
}

/**
 * Most slots whose entries are read as rows. More bounds than this inside slots, as in a zone of quarter hours counted by
 * the hour, and all of them are.
 */
const mostStraddled = ({ slotMs }: Cube) => (slotMs === shortestSlotMs ? 200 : 2);

const conjuncts = (predicate: Predicate): readonly Predicate[] => (predicate.op === 'and' ? predicate.of : [predicate]);

const isRange = (part: Predicate, field: StatisticsTime): part is Predicate & { op: 'range' } =>
  part.op === 'range' && part.field === field;

/** The period within which whatever satisfies the predicate lies. */
export function periodOf(predicate: Predicate, time: StatisticsTime): Period {
  const ranges = conjuncts(predicate).filter((part) => isRange(part, time));
  const gte = ranges.flatMap((range) => range.gte ?? []);
  const lt = ranges.flatMap((range) => range.lt ?? []);
  return { gte: gte.length === 0 ? null : Math.max(...gte), lt: lt.length === 0 ? null : Math.min(...lt) };
}

/** The same entries, with what follows for when they were recorded: older partitions are not read. */
function sinceRecorded(predicate: Predicate): Predicate {
  const { gte } = periodOf(predicate, 'occurredAt');
  if (gte === null) return predicate;
  return both(predicate, { op: 'range', field: 'recordedAt', gte: gte - mostAheadMs, lt: null });
}

/** Fields that a predicate speaks of; `other` for what cells do not know as entries do, such as that something is missing. */
function* fieldsOf(predicate: Predicate): Generator<PredicateField | 'other'> {
  switch (predicate.op) {
    case 'and':
    case 'or':
      for (const part of predicate.of) yield* fieldsOf(part);
      return;
    case 'not':
      yield* fieldsOf(predicate.of);
      return;
    case 'in':
    case 'range':
      yield predicate.field;
      return;
    default:
      yield 'other';
  }
}

const has = ({ dimensions }: Cube, field: string) => dimensions.some((dimension) => dimension === field);
const speaksOf = (cube: Cube, predicate: Predicate) => [...fieldsOf(predicate)].every((field) => has(cube, field));

/**
 * A union of which the cube knows one side, as a visibility is: granted directories, or own activity anywhere. Told apart
 * without overlap: what the known side holds, and what of the other side it does not hold.
 */
function divide(parts: readonly Predicate[], cube: Cube): { known: Predicate[]; other: Predicate[] } | null {
  const foreign = parts.filter((part) => !speaksOf(cube, part));
  const [union] = foreign;
  if (foreign.length !== 1 || union?.op !== 'or') return null;
  const inside = union.of.filter((part) => speaksOf(cube, part));
  // Without the directories, the other side would be most of what is seen.
  if (!inside.some((part) => [...fieldsOf(part)].includes('directory'))) return null;
  const known: Predicate = { op: 'or', of: inside };
  const outside: Predicate = { op: 'or', of: union.of.filter((part) => !inside.includes(part)) };
  const rest = parts.filter((part) => part !== union);
  return { known: [...rest, known], other: [...rest, outside, { op: 'not', of: known }] };
}

const all = (parts: readonly Predicate[]): Predicate => both({ op: 'and', of: [] }, { op: 'and', of: parts });

const slotsOf = ({ gte, lt }: Period, slotMs: number): RolledPart['slots'] => ({
  from: gte === null ? null : Math.floor(gte / slotMs),
  to: lt === null ? null : Math.ceil(lt / slotMs),
});

/** Slots through which a bound of the period, or of a bucket, goes. */
function straddledSlots(period: Period, bounds: readonly number[], slotMs: number): number[] {
  const { from, to } = slotsOf(period, slotMs);
  const all = [...bounds, ...(period.gte === null ? [] : [period.gte]), ...(period.lt === null ? [] : [period.lt])];
  const cut = all.filter((at) => at % slotMs !== 0).map((at) => Math.floor(at / slotMs));
  return [...new Set(cut)].filter((slot) => (from === null || slot >= from) && (to === null || slot < to));
}

const fewestCellsFirst = [...cubes].sort((one, other) => one.aDay - other.aDay);

/** @param dimensions of the groups, and of whatever else is told apart; null where one is in no cube */
export function planStatistics(
  predicate: Predicate,
  time: StatisticsTime,
  bounds: readonly number[],
  dimensions: readonly RollUpDimension[] | null,
): StatisticsPlan {
  const fromRows: StatisticsPlan = { rows: sinceRecorded(predicate), rolled: null };
  if (dimensions === null) return fromRows;
  const period = periodOf(predicate, time);
  const inTime = conjuncts(predicate).filter((part) => isRange(part, time));
  const parts = conjuncts(predicate).filter((part) => !isRange(part, time));
  const rolledBy = (cube: Cube, known: readonly Predicate[]): RolledPart => ({
    cube: cubes.indexOf(cube),
    cells: all(known),
    entries: sinceRecorded(all([...inTime, ...known])),
    slots: slotsOf(period, cube.slotMs),
    straddled: straddledSlots(period, bounds, cube.slotMs),
  });
  const candidates = fewestCellsFirst
    .filter((cube) => dimensions.every((dimension) => has(cube, dimension)))
    .filter((cube) => straddledSlots(period, bounds, cube.slotMs).length <= mostStraddled(cube));
  const whole = candidates.find((cube) => parts.every((part) => speaksOf(cube, part)));
  if (whole !== undefined) return { rows: null, rolled: rolledBy(whole, parts) };
  for (const cube of candidates) {
    const sides = divide(parts, cube);
    if (sides === null) continue;
    return { rows: sinceRecorded(all([...inTime, ...sides.other])), rolled: rolledBy(cube, sides.known) };
  }
  return fromRows;
}
