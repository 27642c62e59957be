/** Contestants take turns, so that a slow minute of the machine hits all of them. */
import { median } from './statistics.ts';

/** Runs every contestant once unmeasured, then `rounds` times in turn; the medians, in order. */
export async function takeTurns(contestants: readonly (() => Promise<number>)[], rounds: number): Promise<number[]> {
  for (const run of contestants) await run();
  const figures = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, run] of contestants.entries()) figures[index]?.push(await run());
  }
  return figures.map(median);
}
