/** Accesses as entries of Annals’ own catalogue. */
import { createHmac, type KeyObject } from 'node:crypto';
import type { Doer } from '../administration/administration.ts';
import type { EntryInput, Json } from '../model/entry.ts';
import type { LogFilter } from '../query/query.ts';
import type { AccessWindowKey, EndedAccessWindow } from '../store/store.ts';
import type { Accessed, Change, Origin } from './access.ts';

/** What is recorded once per window, and counted from then on. */
export type WindowedKind = 'READ' | 'LIVE' | 'REFUSED' | 'SIGN_IN';
/** What is recorded every time. */
export type EveryKind = 'EXPORT' | 'PREVIEW';

/** Whom an access is recorded of. */
export interface Subject {
  readonly organization: number;
  readonly organizationUid: string;
  readonly type: 'MEMBER' | 'TOKEN';
  /** External id of a member, id of a token. */
  readonly id: string;
  readonly name: string;
  /** What metadata say of the credential that a member used: the token, or the issuer of the JWT and its `jti`. */
  readonly credential: { readonly [key: string]: Json };
}

const firstActions: Readonly<Record<WindowedKind, string>> = {
  READ: 'annals.log_access_started',
  LIVE: 'annals.log_access_started',
  REFUSED: 'annals.access_refused',
  SIGN_IN: 'annals.sign_in_refused',
};

const summaryActions: Readonly<Record<WindowedKind, string>> = {
  ...firstActions,
  READ: 'annals.log_access_summarized',
  LIVE: 'annals.log_access_summarized',
};

const everyActions: Readonly<Record<EveryKind, string>> = {
  EXPORT: 'annals.log_exported',
  PREVIEW: 'annals.preview_used',
};

/** Entries that open and close windows: that a stream shows them is no reason to record anything. */
export const windowActions: readonly string[] = [firstActions.LIVE, summaryActions.LIVE];

const isWindowed = (kind: string): kind is WindowedKind => kind in firstActions;

export function subjectOf(doer: Doer): Subject {
  const { organization, organizationUid, member, tokenId, name } = doer;
  const common = { organization, organizationUid, name };
  return member === null
    ? { ...common, type: 'TOKEN', id: tokenId, credential: {} }
    : { ...common, type: 'MEMBER', id: member.externalId, credential: credentialOf(doer) };
}

function credentialOf({ jwt, tokenId }: Doer): Subject['credential'] {
  if (jwt === null) return { token: tokenId };
  return { issuer: jwt.issuer.id, ...(jwt.id === null ? {} : { jwt: jwt.id }) };
}

/**
 * Names of the conditions of a filter, sorted: never their values, which may be personal, nor how they are combined.
 * Such as `action`, `directory.under`.
 */
export function filterShape(filter: LogFilter | null | undefined): string[] {
  const names = new Set<string>();
  const walk = ({ and, or, not, ...conditions }: LogFilter): void => {
    for (const part of [...(and ?? []), ...(or ?? []), ...(not ? [not] : [])]) walk(part);
    for (const [name, condition] of Object.entries(conditions)) {
      for (const [part, value] of Object.entries(condition ?? {})) {
        if (value !== null && value !== undefined) names.add(part === 'under' ? `${name}.under` : name);
      }
    }
  };
  if (filter) walk(filter);
  return [...names].sort();
}

/** Most characters of a value in a change that the log takes. */
const valueCharacters = 16_384;
const clip = (value: string | null | undefined): string | null =>
  value && value.length > valueCharacters ? `${value.slice(0, valueCharacters - 1).toWellFormed()}…` : (value ?? null);

const origins = ({ ip, userAgent, request }: Origin) => ({ ip, userAgent, request });
const actorOf = ({ type, id, name }: Pick<Subject, 'type' | 'id' | 'name'>) => ({ type, id, name });

function metadataOf(kind: string, subject: Subject, accessed: Accessed): Record<string, Json> {
  const shape = filterShape(accessed.filter);
  return {
    kind,
    operation: accessed.operation,
    ...(accessed.entries === undefined ? {} : { entries: accessed.entries }),
    ...(shape.length === 0 ? {} : { filter: shape }),
    ...(accessed.permission === undefined ? {} : { permission: accessed.permission }),
    ...(accessed.code === undefined ? {} : { code: accessed.code }),
    ...(accessed.reason === undefined ? {} : { reason: accessed.reason }),
    ...subject.credential,
  };
}

export interface EntryMaker {
  /** The first access of a window. Every server gives it the same idempotency key. */
  first(key: AccessWindowKey, subject: Subject, accessed: Accessed, origin: Origin, at: number): EntryInput;
  /** What was counted until the window’s end. The same on every server that has the same counts. */
  summary(window: EndedAccessWindow): EntryInput;
  /** An export or a preview; `key` tells it from others like it. */
  every(kind: EveryKind, subject: Subject, accessed: Accessed, origin: Origin, at: number, key: string): EntryInput;
  change(subject: Subject, change: Change, origin: Origin, at: number, key: string): EntryInput;
}

/**
 * `secret` keys the idempotency keys: whoever may record entries could otherwise take the key of an access to come, and
 * the access would count as recorded.
 */
export function openEntryMaker(secret: KeyObject): EntryMaker {
  const keyOf = (...parts: readonly (string | number)[]): string =>
    `annals-access:${createHmac('sha256', secret)
      .update(JSON.stringify(['access', ...parts]))
      .digest('base64url')}`;
  const windowKey = (which: string, { organization, kind, actorType, actorId, start, end }: AccessWindowKey): string =>
    keyOf(which, organization, kind, actorType, actorId, start, end);

  return {
    first(key, subject, accessed, origin, at) {
      const kind = isWindowed(key.kind) ? key.kind : 'READ';
      return {
        idempotencyKey: windowKey('first', key),
        action: firstActions[kind],
        occurredAt: new Date(at),
        actor: actorOf(subject),
        affectedUser: accessed.affectedUser ?? null,
        ...origins(origin),
        metadata: metadataOf(key.kind, subject, accessed),
      };
    },
    summary(window) {
      const kind = isWindowed(window.kind) ? window.kind : 'READ';
      const { operations, entries } = window;
      return {
        idempotencyKey: windowKey('summary', window),
        action: summaryActions[kind],
        occurredAt: new Date(window.lastSeen),
        actor: { type: window.actorType, id: window.actorId, name: window.actorName },
        metadata: {
          kind,
          operation: window.operation,
          // A stream that was opened in an earlier window is no operation of this one.
          ...(operations === 0 ? {} : { operations }),
          ...(kind === 'READ' || kind === 'LIVE' ? { entries } : {}),
          from: new Date(window.start).toISOString(),
          to: new Date(window.end).toISOString(),
        },
      };
    },
    every(kind, subject, accessed, origin, at, key) {
      return {
        idempotencyKey: keyOf('every', key),
        action: everyActions[kind],
        occurredAt: new Date(at),
        actor: actorOf(subject),
        affectedUser: accessed.affectedUser ?? null,
        ...origins(origin),
        metadata: metadataOf(kind, subject, accessed),
      };
    },
    change(subject, { action, targets, affectedUser, vault, directory, changes, metadata }, origin, at, key) {
      return {
        idempotencyKey: keyOf('change', key),
        action,
        occurredAt: new Date(at),
        actor: actorOf(subject),
        affectedUser: affectedUser ?? null,
        targets: targets ?? null,
        vault: vault ?? null,
        directory: directory ?? null,
        changes:
          changes?.map(({ field, before, after }) => ({ field, before: clip(before), after: clip(after) })) ?? null,
        ...origins(origin),
        metadata: { ...metadata, ...subject.credential },
      };
    },
  };
}
