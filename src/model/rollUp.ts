/**
 * What is counted ahead of time. A cell counts the entries of one slot of time that agree in a cube’s dimensions; a question
 * that speaks of nothing else, and whose bounds lie between slots, is answered from cells.
 */

export type RollUpDimension = 'action' | 'outcome' | 'severity' | 'directory' | 'actor';

export interface Cube {
  /** At most two, so that cells stay few. */
  readonly dimensions: readonly RollUpDimension[];
  /** Slots are so many milliseconds long, and counted from 1970. */
  readonly slotMs: number;
  /** About how many cells a day has, where some hundred people work; of several cubes the one with the fewest answers. */
  readonly aDay: number;
}

/** Hours and days of nearly every time zone begin where a half hour begins. */
const halfHour = 1_800_000;
/** Of UTC: for questions that count nothing over time, or only by such days. */
const day = 86_400_000;

/**
 * By number, which the database keeps: a new one is added at the end and starts with a rebuild. Half hours where few cells
 * hold many entries; days where half hours would hold an entry or two. The first has no dimensions, and also says when the
 * entries of its slots were recorded.
 */
export const cubes: readonly Cube[] = [
  { dimensions: [], slotMs: halfHour, aDay: 48 },
  { dimensions: ['outcome', 'severity'], slotMs: halfHour, aDay: 400 },
  { dimensions: ['action', 'outcome'], slotMs: halfHour, aDay: 1500 },
  { dimensions: ['directory'], slotMs: halfHour, aDay: 2500 },
  { dimensions: ['action', 'outcome'], slotMs: day, aDay: 100 },
  { dimensions: ['directory', 'action'], slotMs: day, aDay: 3000 },
  { dimensions: ['actor'], slotMs: day, aDay: 200 },
];

/** Of the first cube. */
export const shortestSlotMs = halfHour;
