/** How much a token, a person or an organization may do. */

export const limitNames = ['requestsPerSecond', 'entriesPerSecond', 'entriesPerDay'] as const;
export type LimitName = (typeof limitNames)[number];

/** 0 is unlimited. */
export type LimitValues = Readonly<Record<LimitName, number>>;

/** Limits of one’s own; null, or left out, goes by the server’s settings. */
export type OwnLimits = Readonly<Partial<Record<LimitName, number | null | undefined>>>;

/** Largest value of a limit. */
export const mostOfLimit = 1_000_000_000;

/** Only what is stated: null takes away. */
export const statedLimits = (limits: OwnLimits): OwnLimits =>
  Object.fromEntries(limitNames.flatMap((name) => (typeof limits[name] === 'number' ? [[name, limits[name]]] : [])));
