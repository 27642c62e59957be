/** Microseconds since 1970 by this machine’s clock, the one that PostgreSQL stamps commits with. */
export const microseconds = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** When each entry arrived, by its UUID, in microseconds. */
export type Arrivals = Map<string, number>;

/** A receiver starts, and later says what arrived since. */
export type ReceiverJob<Target> = { readonly start: Target } | { readonly stop: true };
