/** The vocabulary of an entry: what a producer states, and what the log keeps. Pure data, no storage. */

export const outcomes = ['SUCCESS', 'FAILURE', 'DENIED', 'UNKNOWN'] as const;
export type Outcome = (typeof outcomes)[number];

export const actorTypes = ['MEMBER', 'SYSTEM', 'TOKEN', 'ANONYMOUS'] as const;
export type ActorType = (typeof actorTypes)[number];

/** A person or program as it was called when it happened; `id` is the producing product’s own. */
export interface Person {
  readonly id: string | null;
  readonly name: string | null;
  readonly email: string | null;
}

export interface Actor extends Person {
  readonly type: ActorType;
}

/** A vault or folder by the producing product’s own id. */
export interface Place {
  readonly id: string;
  readonly name: string | null;
}

export interface Target {
  /** What kind of thing: `item`, `link`, `group`, `session`, … */
  readonly type: string;
  readonly id: string | null;
  readonly name: string | null;
}

export interface Change {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * What a producer states about one event; the form of `recordLogs`, of ndjson imports and of every source.
 * Everything but `action` is optional; what is left out takes the action’s default, or is absent.
 */
export interface EntryInput {
  /** Up to 200 characters, unique per organization: the same key with the same content is recorded once. */
  readonly idempotencyKey?: string | null;
  /** Catalogue key, such as `passwork.item_viewed`. */
  readonly action: string;
  /** The source’s clock; RFC 3339 with a zone, or a Date. */
  readonly occurredAt?: string | Date | null;
  readonly outcome?: Outcome | null;
  /** 1 (least) to 10 (most severe). */
  readonly severity?: number | null;
  readonly component?: string | null;
  readonly actor?: {
    readonly type?: ActorType | null;
    readonly id?: string | null;
    readonly name?: string | null;
    readonly email?: string | null;
  } | null;
  readonly affectedUser?: {
    readonly id?: string | null;
    readonly name?: string | null;
    readonly email?: string | null;
  } | null;
  readonly vault?: { readonly id: string; readonly name?: string | null } | null;
  /** The folder (or vault) it happened in. Left out, it is the vault. */
  readonly directory?: { readonly id: string; readonly name?: string | null } | null;
  readonly targets?:
    | readonly { readonly type: string; readonly id?: string | null; readonly name?: string | null }[]
    | null;
  /** IPv4 or IPv6 address. */
  readonly ip?: string | null;
  readonly userAgent?: string | null;
  readonly device?: string | null;
  readonly session?: string | null;
  readonly request?: string | null;
  readonly location?: string | null;
  readonly changes?:
    | readonly { readonly field: string; readonly before?: string | null; readonly after?: string | null }[]
    | null;
  readonly metadata?: { readonly [key: string]: Json } | null;
}

/**
 * An entry as the log keeps it. Actions, actors and directories are the database's small numbers: they name the same
 * thing for ever, and sets of thousands of them stay cheap to test. Times are milliseconds since 1970 (UTC).
 */
export interface Entry {
  readonly organization: number;
  readonly position: number;
  readonly id: string;
  readonly recordedAt: number;
  readonly occurredAt: number;
  readonly action: number;
  readonly outcome: Outcome;
  readonly severity: number;
  readonly component: string | null;
  readonly actorType: ActorType;
  readonly actor: number | null;
  readonly actorName: string | null;
  readonly actorEmail: string | null;
  readonly affectedUser: number | null;
  readonly affectedUserName: string | null;
  readonly affectedUserEmail: string | null;
  readonly directory: number | null;
  readonly directoryName: string | null;
  readonly vault: number | null;
  readonly vaultName: string | null;
  readonly targets: readonly Target[];
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly device: string | null;
  readonly session: string | null;
  readonly request: string | null;
  readonly location: string | null;
  readonly changes: readonly Change[] | null;
  readonly metadata: { readonly [key: string]: Json } | null;
}

const fields = Object.keys({
  organization: true,
  position: true,
  id: true,
  recordedAt: true,
  occurredAt: true,
  action: true,
  outcome: true,
  severity: true,
  component: true,
  actorType: true,
  actor: true,
  actorName: true,
  actorEmail: true,
  affectedUser: true,
  affectedUserName: true,
  affectedUserEmail: true,
  directory: true,
  directoryName: true,
  vault: true,
  vaultName: true,
  targets: true,
  ip: true,
  userAgent: true,
  device: true,
  session: true,
  request: true,
  location: true,
  changes: true,
  metadata: true,
} satisfies Record<keyof Entry, true>) as (keyof Entry)[];

/** A copy with members of its own: an entry of the store may read its fields from an answer only when they are asked for. */
export const plainEntry = (entry: Entry): Entry =>
  Object.fromEntries(fields.map((field) => [field, entry[field]])) as unknown as Entry;

/** A place in a log between two entries, by what is recorded there: after `position`, which was recorded at `recordedAt`. */
export interface LogPlace {
  readonly recordedAt: number;
  readonly position: number;
}
