/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, such as `rights`. */
  readonly check: string;
  /** warn: it works, and something should be done. fail: it does not work, or does not hold what it promises. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly cure: string | null;
}

export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message, cure: null });
export const warn = (check: string, message: string, cure: string): Finding => ({
  check,
  status: 'warn',
  message,
  cure,
});
export const fail = (check: string, message: string, cure: string): Finding => ({
  check,
  status: 'fail',
  message,
  cure,
});

/** A few names, and how many more there are. */
export function some(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
