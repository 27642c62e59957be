/**
 * Every error Annals reports by code. An error is a code, a message and a cure; `http` is the status of a response that
 * consists of this error alone, `ws` the close code where it ends a socket, `exit` the exit status of the command line.
 * docs/errors.md is rendered from this table.
 */
export interface ErrorInfo {
  readonly message: string;
  readonly cure: string;
  readonly http: number;
  readonly ws?: number;
  readonly exit: number;
}

export const errorTable = {
  // Requests
  BAD_INPUT: {
    message: 'The input is not valid.',
    cure: 'Correct the field that the message names and send the request again.',
    http: 400,
    exit: 2,
  },
  BAD_CURSOR: {
    message: 'The cursor cannot be used here.',
    cure: 'Use a cursor exactly as it was returned, in the same organization and with the same filter; or start without one.',
    http: 400,
    exit: 2,
  },
  PAGE_TOO_LARGE: {
    message: 'The page is larger than the limit.',
    cure: 'Ask for at most as many entries as the message says and follow the cursor.',
    http: 400,
    exit: 2,
  },
  QUERY_TOO_LARGE: {
    message: 'The operation exceeds a limit on its size, depth, aliases or lists.',
    cure: 'Ask for less in one operation; docs/configuration.md lists the limits and their settings.',
    http: 400,
    exit: 2,
  },
  BODY_TOO_LARGE: {
    message: 'The request body is larger than the limit.',
    cure: 'Send fewer or smaller entries in one request; callers that may record or manage members have the larger limit.',
    http: 413,
    ws: 1009,
    exit: 2,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    message: 'The content type is not accepted.',
    cure: 'Send operations as POST with Content-Type: application/json.',
    http: 415,
    exit: 2,
  },
  CSRF_HEADER_MISSING: {
    message: 'This request needs a header that a foreign web page cannot set.',
    cure: 'Add the header `x-annals-csrf: 1` to GET requests that run an operation.',
    http: 403,
    exit: 2,
  },
  ORIGIN_NOT_ALLOWED: {
    message: 'The web origin of this request is not allowed.',
    cure: 'Add the origin to ALLOWED_ORIGINS, or call from the server’s own origin.',
    http: 403,
    ws: 4403,
    exit: 2,
  },
  VIEW_NOT_FOUND: {
    message: 'There is no such view, or it is not shared with your role.',
    cure: 'Use an id that `savedViews` lists.',
    http: 404,
    exit: 2,
  },
  VIEW_OUTDATED: {
    message: 'The filter of the view is not valid any more.',
    cure: 'Save the view again with a filter that is valid today; `savedView` shows the one that it has.',
    http: 409,
    exit: 2,
  },
  TOO_MANY_VIEWS: {
    message: 'There are as many saved views as there can be.',
    cure: 'Delete views that nobody needs any more; `savedViews` lists them.',
    http: 409,
    exit: 2,
  },
  NOT_FOUND: { message: 'There is nothing here.', cure: 'Check the address.', http: 404, exit: 2 },

  // Who may
  UNAUTHENTICATED: {
    message: 'No valid credential came with the request.',
    cure: 'Send `Authorization: Bearer <token>`; over WebSocket, in the payload of connection_init.',
    http: 401,
    ws: 4401,
    exit: 3,
  },
  FORBIDDEN: {
    message: 'The credential does not permit this.',
    cure: 'Use a credential whose role has the permission that the message names.',
    http: 403,
    ws: 4403,
    exit: 3,
  },
  ADDRESS_NOT_ALLOWED: {
    message: 'The credential may not be used from this address.',
    cure: 'Use it from a network that it is allowed for; who manages tokens can change them (`updateToken`).',
    http: 403,
    ws: 4403,
    exit: 3,
  },
  FIELD_HIDDEN: {
    message: 'The field is hidden from this role.',
    cure: 'Leave the field out of the filter, the search, the grouping and the order.',
    http: 403,
    exit: 3,
  },
  ESCALATION: {
    message: 'Nobody gives or takes away more than its own role may do and see.',
    cure: 'Ask somebody whose role has as much; docs/administration.md has the rule.',
    http: 403,
    exit: 3,
  },
  LAST_OWNER: {
    message: 'The organization would have no active owner left.',
    cure: 'Make another active member OWNER first.',
    http: 409,
    exit: 2,
  },

  NOT_ANOTHER_PERSON: {
    message: 'A guarded change is approved by another person than the one who asked for it.',
    cure: 'Ask another member to approve it, with a token that did not come through the hands of either; docs/guards.md has the rule.',
    http: 403,
    exit: 3,
  },

  // Rows of recordLogs
  UNKNOWN_ACTION: {
    message: 'The action is in no catalogue.',
    cure: 'Use a key that `actions` lists, or add a catalogue file (CATALOGUE_FILES).',
    http: 422,
    exit: 2,
  },
  ENTRY_INVALID: {
    message: 'A field of the entry is not valid.',
    cure: 'Correct the field that the message names; the other entries of the request are not affected.',
    http: 422,
    exit: 2,
  },
  ENTRY_TOO_LARGE: {
    message: 'The entry is larger than the limit.',
    cure: 'Shorten changes, metadata or targets; an entry has at most ENTRY_BYTES bytes.',
    http: 422,
    exit: 2,
  },
  OCCURRED_IN_FUTURE: {
    message: 'occurredAt lies too far in the future.',
    cure: 'Set the source’s clock, or leave occurredAt out.',
    http: 422,
    exit: 2,
  },
  IDEMPOTENCY_CONFLICT: {
    message: 'The idempotency key was used before with other content.',
    cure: 'Send a new key for a new entry; the same key only repeats the same entry.',
    http: 409,
    exit: 2,
  },
  BATCH_REFUSED: {
    message: 'Nothing was recorded: another entry of an all-or-nothing request is not valid.',
    cure: 'Correct the entries that carry an error of their own, or send without allOrNothing.',
    http: 422,
    exit: 2,
  },
  TOO_MANY_ENTRIES: {
    message: 'The request carries more entries than the limit.',
    cure: 'Send at most 1000 entries in one request.',
    http: 422,
    exit: 2,
  },

  TEXT_NOT_READY: {
    message: 'Entries of before the search by text are still being prepared for it.',
    cure: 'Try again after retryAfterMs, or leave `text` out of the filter; the server’s log says how far it is.',
    http: 503,
    exit: 4,
  },

  // Live
  HISTORY_CLEARED: {
    message: 'The cursor is older than what the log still holds.',
    cure: 'Start again without `after`, or from a newer cursor; what was cleared cannot be delivered.',
    http: 410,
    exit: 2,
  },
  LOG_RESTORED: {
    message: 'The cursor belongs to a history of this log that a restored backup replaced.',
    cure: 'Query the log again and continue from its headCursor.',
    http: 410,
    exit: 2,
  },
  VISIBILITY_LOST: {
    message: 'The rights changed and nothing of this stream is visible any more.',
    cure: 'Ask an administrator for access, then subscribe again with the last cursor.',
    http: 403,
    ws: 4403,
    exit: 3,
  },
  SERVER_STOPPING: {
    message: 'The server is stopping.',
    cure: 'Connect again and subscribe with the last cursor; nothing is lost.',
    http: 503,
    ws: 1012,
    exit: 4,
  },

  // The server’s own state
  OVERLOADED: {
    message: 'More work waits than the server accepts.',
    cure: 'Wait for retryAfterMs and send the same request again with the same idempotency keys.',
    http: 503,
    ws: 1013,
    exit: 4,
  },
  RATE_LIMITED: {
    message: 'More was sent in a short time than is allowed.',
    cure: 'Wait for retryAfterMs and send it again; nothing was done for this field, or for this request. docs/limits.md has the limits.',
    http: 429,
    exit: 4,
  },
  QUOTA_EXCEEDED: {
    message: 'More entries were sent than are allowed in a day.',
    cure: 'This attempt recorded nothing. Send fewer entries, wait for the next day (UTC), or ask whoever set the quota for more.',
    http: 429,
    exit: 4,
  },
  UNAVAILABLE: {
    message: 'The database does not answer.',
    cure: 'Send the same request again later, with the same idempotency keys; the server recovers by itself.',
    http: 503,
    exit: 4,
  },
  STATEMENT_TIMEOUT: {
    message: 'The database took longer than the limit.',
    cure: 'Narrow the filter or the period; the limit is STATEMENT_TIMEOUT_MS.',
    http: 503,
    exit: 4,
  },
  INTERNAL: {
    message: 'Something went wrong inside Annals.',
    cure: 'Tell the operator the request id; the server’s log has the reason.',
    http: 500,
    exit: 1,
  },

  // Starting, and the command line
  CONFIG_INVALID: {
    message: 'The configuration is not valid.',
    cure: 'Correct the settings that the message lists; `annals --help` describes each.',
    http: 500,
    exit: 2,
  },
  CATALOGUE_INVALID: {
    message: 'A catalogue file is not valid.',
    cure: 'Correct the places that the message lists by path; docs/catalogues.md describes the form.',
    http: 500,
    exit: 2,
  },
  PORT_TAKEN: {
    message: 'The port is taken.',
    cure: 'Set PORT to a free one, or stop the program that listens there.',
    http: 500,
    exit: 2,
  },
  USAGE: { message: 'The command line is not valid.', cure: 'Run `annals --help`.', http: 400, exit: 2 },
  DATABASE_UNREACHABLE: {
    message: 'The database cannot be reached.',
    cure: 'Check DATABASE_URL and that the server runs and accepts this role.',
    http: 503,
    exit: 4,
  },
  DATABASE_UNSUPPORTED: {
    message: 'The database is not one that Annals runs on.',
    cure: 'Use PostgreSQL 15 or later with encoding UTF8.',
    http: 500,
    exit: 2,
  },
  SCHEMA_NEWER: {
    message: 'The database was migrated by a newer Annals.',
    cure: 'Run that version or a later one; an older one would damage the data.',
    http: 500,
    exit: 2,
  },
  SCHEMA_DAMAGED: {
    message: 'A migration was changed after it was applied, or failed half-way.',
    cure: 'Restore the migration file as it was released, or restore the database from a backup.',
    http: 500,
    exit: 2,
  },
  BACKUP_FAILED: {
    message: 'The backup was not made.',
    cure: 'Remove the cause that the message names and run it again; nothing of it is left.',
    http: 500,
    exit: 4,
  },
  BACKUP_INVALID: {
    message: 'The backup cannot be used.',
    cure: 'Restore another one.',
    http: 500,
    exit: 2,
  },
  DATA_EXISTS: {
    message: 'There is something already where this would go.',
    cure: 'Name a place where nothing is; nothing is overwritten.',
    http: 500,
    exit: 2,
  },
  EMBEDDED_UNSUPPORTED: {
    message: 'The embedded PostgreSQL does not run here.',
    cure: 'Use Linux or macOS, or set DATABASE_URL to a PostgreSQL server.',
    http: 500,
    exit: 2,
  },
  EMBEDDED_IN_USE: {
    message: 'Another Annals is using this data directory.',
    cure: 'Stop it, or set DATA_DIRECTORY to another directory.',
    http: 500,
    exit: 2,
  },
  EMBEDDED_VERSION: {
    message: 'The data directory was written by another major version of PostgreSQL.',
    cure: 'Dump it with that version and load the dump here, or start with an empty DATA_DIRECTORY.',
    http: 500,
    exit: 2,
  },
  EMBEDDED_FAILED: {
    message: 'The embedded PostgreSQL did not start.',
    cure: 'The message carries the server’s own words; see also postgres.log in the data directory.',
    http: 500,
    exit: 4,
  },
} as const satisfies Record<string, ErrorInfo>;

export type ErrorCode = keyof typeof errorTable;

/** What a caller may add to a coded error. */
export interface ErrorDetails {
  /** What exactly was wrong; replaces the table’s general message. */
  readonly message?: string;
  /** What would be right here; replaces the table’s general cure. */
  readonly cure?: string;
  /** The input field or file place, such as `entries[3].actor.id`. */
  readonly path?: string;
  /** Milliseconds after which a retry makes sense. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Hears of faults in work that nobody waits for, such as the live tail: where, and what happened; null once it works again. */
export type FaultReport = (where: string, error: unknown) => void;

/** The only error class that reaches users; anything else is masked as INTERNAL. */
export class AnnalsError extends Error {
  override readonly name = 'AnnalsError';
  readonly code: ErrorCode;
  readonly cure: string;
  readonly path: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const info: ErrorInfo = errorTable[code];
    super(details.message ?? info.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.cure = details.cure ?? info.cure;
    this.path = details.path;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The table’s row for a code. */
export function errorInfo(code: ErrorCode): ErrorInfo {
  return errorTable[code];
}
