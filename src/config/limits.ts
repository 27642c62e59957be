/** How much tokens and organizations may do, where they have no limits of their own. */
import { wholeNumber } from './parsers.ts';

const most = 1_000_000_000;

const limit = (doc: string) => ({
  type: `number, 0 to ${most}`,
  parse: wholeNumber(0, most),
  fallback: 0,
  shownDefault: '0: no limit',
  doc,
});

export const limitSettings = {
  tokenRequestsPerSecond: {
    name: 'TOKEN_REQUESTS_PER_SECOND',
    ...limit('Requests a second of one token, or of one person by JWT, on this server. See docs/limits.md.'),
  },
  tokenEntriesPerSecond: {
    name: 'TOKEN_ENTRIES_PER_SECOND',
    ...limit('Entries that one of them records in a second, on this server.'),
  },
  tokenEntriesPerDay: {
    name: 'TOKEN_ENTRIES_PER_DAY',
    ...limit('Entries that one of them records in a day (UTC), on all servers.'),
  },
  organizationRequestsPerSecond: {
    name: 'ORGANIZATION_REQUESTS_PER_SECOND',
    ...limit('Requests a second of one organization, on this server.'),
  },
  organizationEntriesPerSecond: {
    name: 'ORGANIZATION_ENTRIES_PER_SECOND',
    ...limit('Entries that one organization records in a second, on this server.'),
  },
  organizationEntriesPerDay: {
    name: 'ORGANIZATION_ENTRIES_PER_DAY',
    ...limit('Entries that one organization records in a day (UTC), on all servers.'),
  },
  rateBurstSeconds: {
    name: 'RATE_BURST_SECONDS',
    type: 'number, 1 to 3600',
    parse: wholeNumber(1, 3600),
    fallback: 10,
    doc: 'What a limit allows in so many seconds may also come at once.',
  },
} as const;
