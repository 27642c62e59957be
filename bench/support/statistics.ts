/** The middle value; of an even number of values the lower one. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value that a share of the values does not exceed; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
