/** Limits of a token or an organization, as options. */
import { type LimitName, limitNames, mostOfLimit, type OwnLimits } from '../model/limits.ts';
import type { CommandOptions, Given } from './command.ts';
import { text, wholeNumber } from './options.ts';

const option = (what: string) =>
  ({ type: 'string', value: 'N', doc: `${what}; 0: no limit; default: as the server’s settings say.` }) as const;

export const limitOptions = {
  'requests-per-second': option('Requests in a second'),
  'entries-per-second': option('Entries recorded in a second'),
  'entries-per-day': option('Entries recorded in a day (UTC)'),
} as const satisfies CommandOptions;

const optionOf: Readonly<Record<LimitName, keyof typeof limitOptions>> = {
  requestsPerSecond: 'requests-per-second',
  entriesPerSecond: 'entries-per-second',
  entriesPerDay: 'entries-per-day',
};

/** Those that were given; undefined where none was. */
export function limitsIn(options: Given): OwnLimits | undefined {
  const given = limitNames.flatMap((name): [LimitName, number | null][] => {
    const option = optionOf[name];
    if (text(options, option) === 'default') return [[name, null]];
    const value = wholeNumber(options, option, 0, mostOfLimit);
    return value === undefined ? [] : [[name, value]];
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** `100 requests/s, 5 entries/d`; empty for none. */
export function limitsInWords(limits: OwnLimits): string {
  const units = { requestsPerSecond: 'requests/s', entriesPerSecond: 'entries/s', entriesPerDay: 'entries/d' } as const;
  return limitNames
    .flatMap((name) => (typeof limits[name] === 'number' ? [`${limits[name]} ${units[name]}`] : []))
    .join(', ');
}
