/** Who read the log, as entries of the same log: the first access of a window at once, what follows as one more at its end. */
import type { KeyObject } from 'node:crypto';
import type { Doer } from '../administration/administration.ts';
import type { Principal, RefusedCredential } from '../auth/auth.ts';
import type { AnnalsError, ErrorCode, FaultReport } from '../errors.ts';
import type { Log, LogOrganization } from '../log/log.ts';
import type { Entry, EntryInput, Json } from '../model/entry.ts';
import { hashToken, isToken } from '../model/token.ts';
import { type RandomSource, uuidV7 } from '../model/uuid.ts';
import type { LogFilter } from '../query/query.ts';
import type { KnownToken, Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import {
  type EveryKind,
  openEntryMaker,
  type Subject,
  subjectOf,
  type WindowedKind,
  windowActions,
} from './entries.ts';
import { openOutbox } from './outbox.ts';
import { openRecorder, unavailable } from './recorder.ts';
import { openSettling } from './settling.ts';
import { openTallies } from './tallies.ts';

export { watchedAuthenticate, watchedLive, watchedQuery } from './watched.ts';

/** What the transport knows of a caller. */
export interface Client {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export interface Origin extends Client {
  /** Id of the request. */
  readonly request: string | null;
}

/** READ: a page, a lookup, a picker. LIVE: a stream. */
export type AccessKind = Extract<WindowedKind, 'READ' | 'LIVE'> | EveryKind;

/** What was done, as the entry’s metadata says it. */
export interface Accessed {
  /** The root field, such as `logs`. */
  readonly operation: string;
  /** Entries shown. */
  readonly entries?: number;
  /** Only the names of its conditions are recorded. */
  readonly filter?: LogFilter | null;
  /** Whom it is about: as whom the log was previewed, whose token was refused. */
  readonly affectedUser?: EntryInput['affectedUser'];
  /** Of a refusal: the error’s code, the permission that is missing, other words. */
  readonly code?: ErrorCode;
  readonly permission?: string;
  readonly reason?: string;
}

/** A change of who may do or see what. */
export interface Change extends Pick<EntryInput, 'targets' | 'affectedUser' | 'vault' | 'directory' | 'changes'> {
  /** Catalogue key, such as `annals.grant_given`. */
  readonly action: string;
  readonly metadata?: { readonly [key: string]: Json };
}

export interface Access extends AsyncDisposable {
  /** False with ACCESS_LOG=off: then nothing else here does anything. */
  readonly enabled: boolean;
  /** Where a principal comes from; known to whatever is recorded of this very object. */
  introduce(principal: Principal, origin: Origin): void;
  /** What `eyes` reads from now on was read by `by`: a preview through another’s eyes is the access of who looks. */
  actFor(eyes: Principal, by: Principal): void;
  /**
   * To be called, and awaited where it gives a promise, before an access is answered. READ and LIVE are recorded once per
   * window and counted; EXPORT and PREVIEW are recorded each time. Rejects with UNAVAILABLE when the access must not be
   * answered, since it cannot be recorded.
   */
  note(principal: Principal, kind: AccessKind, accessed: Accessed): Promise<void> | undefined;
  /** Counts what an open stream shows. */
  delivered(principal: Principal, entries: readonly Entry[]): void;
  /** To be called before the error is answered; errors that are no refusals, or were met before, are ignored. */
  refused(principal: Principal, error: AnnalsError, accessed: Accessed): Promise<void> | undefined;
  /**
   * The same for a credential that is not valid (any more); `who` of a JWT that a known issuer signed. One that never was
   * belongs to no organization’s log.
   */
  signInRefused(token: string, error: AnnalsError, client: Client | null, who: RefusedCredential | null): Promise<void>;
  /** Entries that tell of changes, to be written with them (`writeOutbox`); none where nothing is recorded. */
  changeEntries(doer: Doer, changes: readonly Change[]): EntryInput[];
  /**
   * To be called after changes, before they are answered: records what waits of the organization. Also when it rejects
   * with UNAVAILABLE, or is never called, the changes are recorded as soon as the log takes them, by any server.
   */
  recordChanges(to: LogOrganization): Promise<void>;
  /** Records what waits, writes what was counted and closes windows that are over; happens by itself about every second. */
  settle(): Promise<void>;
}

/** Where it goes that something was lost. */
export interface AccessLog {
  error(fields: Record<string, unknown>, message: string): void;
}

export interface AccessDeps {
  readonly store: Pick<
    Store,
    'writeAccessCounts' | 'readEndedAccessWindows' | 'forgetAccessWindows' | 'findKnownToken'
  > & { readonly administration: Pick<Store['administration'], 'readOutbox' | 'forgetOutbox' | 'readWaitingOutboxes'> };
  readonly append: Log['append'];
  readonly actionNumber: (key: string) => number | undefined;
  /** Milliseconds. */
  readonly now: () => number;
  readonly random: RandomSource;
  /** Keys the idempotency keys of accesses; the same on every server. */
  readonly secret: KeyObject;
  readonly fault: FaultReport;
  readonly log: AccessLog;
  readonly metrics: Metrics;
}

export interface AccessOptions {
  readonly accessLog: 'closed' | 'open' | 'off';
  readonly accessWindowSeconds: number;
}

const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FORBIDDEN',
  'FIELD_HIDDEN',
  'ESCALATION',
  'NOT_ANOTHER_PERSON',
]);
const nowhere: Origin = { ip: null, userAgent: null, request: null };

/** Disposing writes what was counted. */
export function openAccess(deps: AccessDeps, { accessLog, accessWindowSeconds }: AccessOptions): Access {
  return accessLog === 'off' ? silent : open(deps, accessLog, accessWindowSeconds * 1000);
}

const silent: Access = {
  enabled: false,
  introduce() {},
  actFor() {},
  note: () => undefined,
  delivered() {},
  refused: () => undefined,
  async signInRefused() {},
  changeEntries: () => [],
  async recordChanges() {},
  async settle() {},
  async [Symbol.asyncDispose]() {},
};

function open(deps: AccessDeps, mode: 'closed' | 'open', windowMs: number): Access {
  const newId = () => uuidV7(deps.now(), deps.random);
  const entries = openEntryMaker(deps.secret);
  const recorder = openRecorder(deps, mode);
  const outbox = openOutbox({ ...deps, store: deps.store.administration });
  const tallies = openTallies({ ...deps, server: newId() }, windowMs);
  const origins = new WeakMap<Doer, Origin>();
  const behind = new WeakMap<Doer, Principal>();
  const met = new WeakSet<AnnalsError>();
  const quiet = new Set(windowActions.map(deps.actionNumber));

  const noteFirst = (kind: WindowedKind, subject: Subject, accessed: Accessed, origin: Origin) => {
    const tally = tallies.current(kind, subject, accessed.operation);
    const count = accessed.entries ?? 0;
    if (tally.first === 'RECORDED') return tallies.add(tally, 1, count, true);
    if (tally.first !== null) return tally.first.then(() => tallies.add(tally, 1, count, true));
    const entry = entries.first(tally, subject, accessed, origin, deps.now());
    tally.first = recorder.record(subject, entry).then(
      (recorded) => {
        tally.first = 'RECORDED';
        tallies.add(tally, 1, count, recorded === 'REPEATED');
      },
      (error: unknown) => {
        tally.first = null;
        throw error;
      },
    );
    return tally.first;
  };

  const noteEvery = async (kind: EveryKind, subject: Subject, accessed: Accessed, origin: Origin) => {
    await recorder.record(subject, entries.every(kind, subject, accessed, origin, deps.now(), newId()));
  };

  const who = (doer: Doer) => {
    const by = behind.get(doer) ?? doer;
    return { subject: subjectOf(by), origin: origins.get(by) ?? nowhere };
  };

  const settling = openSettling(deps, { recorder, outbox, tallies, entries });

  return {
    enabled: true,
    introduce: (principal, origin) => void origins.set(principal, origin),
    actFor: (eyes, by) => void behind.set(eyes, behind.get(by) ?? by),
    note(principal, kind, accessed) {
      const { subject, origin } = who(principal);
      return kind === 'READ' || kind === 'LIVE'
        ? (noteFirst(kind, subject, accessed, origin) ?? undefined)
        : noteEvery(kind, subject, accessed, origin);
    },
    delivered(principal, shown) {
      if (shown.length === 0) return;
      const tally = tallies.current('LIVE', who(principal).subject, 'logAdded');
      // A summary that made another summary would go on for ever, by itself or between two watchers.
      tallies.add(tally, 0, shown.length, !shown.every((entry) => quiet.has(entry.action)));
    },
    refused(principal, error, accessed) {
      if (!refusals.has(error.code) || met.has(error)) return undefined;
      met.add(error);
      const { subject, origin } = who(principal);
      return noteFirst('REFUSED', subject, { ...accessed, code: error.code }, origin) ?? undefined;
    },
    async signInRefused(token, error, client, who) {
      const known = who === null && isToken(token) ? await deps.store.findKnownToken(hashToken(token)) : null;
      const held = who === null ? known && heldToken(known) : heldJwt(who);
      if (held === null) return;
      const reason = known?.revoked ? 'the token was revoked' : reasonOf(error);
      const accessed = { operation: 'authenticate', code: error.code, reason, affectedUser: held.affectedUser };
      await noteFirst('SIGN_IN', held.subject, accessed, { ...nowhere, ...client });
    },
    changeEntries(doer, changes) {
      const { subject, origin } = who(doer);
      const at = deps.now();
      return changes.map((change) => entries.change(subject, change, origin, at, newId()));
    },
    async recordChanges(to) {
      try {
        await outbox.flush(to);
        deps.fault('access log', null);
      } catch (error) {
        deps.fault('access log', error);
        if (mode === 'closed') throw unavailable(error, 'The change was made, and the log cannot tell of it yet.');
      }
    },
    settle: settling.settle,
    [Symbol.asyncDispose]: settling[Symbol.asyncDispose],
  };
}

/** Who holds a refused credential is not known any more: it is what came that acts, and its member whom it concerns. */
interface Held {
  readonly subject: Subject;
  readonly affectedUser: NonNullable<EntryInput['affectedUser']> | null;
}

function heldToken({ organization, organizationUid, tokenId, tokenName, member }: KnownToken): Held {
  const subject = {
    organization,
    organizationUid,
    type: 'TOKEN',
    id: tokenId,
    name: tokenName,
    credential: {},
  } as const;
  return { subject, affectedUser: member === null ? null : { id: member.externalId, name: member.name } };
}

/** Counted by issuer: a token of its own has no id that it must keep. */
function heldJwt({ organization, organizationUid, issuer, subject: id }: RefusedCredential): Held {
  const subject = { organization, organizationUid, type: 'TOKEN', ...issuer, credential: {} } as const;
  return { subject, affectedUser: { id } };
}

/** In words. Where from stands in the entry’s address, which some roles do not see, and nowhere else. */
const reasonOf = ({ code, message }: AnnalsError): string =>
  code === 'ADDRESS_NOT_ALLOWED' ? 'the token may not be used from there' : decapitalized(message);

const decapitalized = (message: string) => message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '');
