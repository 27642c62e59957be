/** Carries a change out that has waited: under the lock, once, and under the rights that those behind it have by then. */
import type { Auth, Principal } from '../../auth/auth.ts';
import { AnnalsError, type ErrorCode } from '../../errors.ts';
import type { AdministrationStatements, PendingRecord, Store } from '../../store/store.ts';
import type { Doer, Frame } from '../frame.ts';
import type { Prepared } from '../step.ts';
import { countPersons, personsNeeded } from './persons.ts';
import { isRequestKind, permissionOf, prepareRequest, type RequestDeps } from './requests.ts';
import { carriedOutEntries, endedEntry } from './told.ts';

type Statements = AdministrationStatements;
type To = Pick<Principal, 'organization' | 'organizationUid'>;

export interface SettleDeps {
  readonly frame: Frame;
  readonly auth: Pick<Auth, 'recall'>;
  readonly now: () => number;
  readonly requests: RequestDeps;
}

/** What may pass by itself: then it is tried again. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAVAILABLE', 'STATEMENT_TIMEOUT', 'INTERNAL']);

const askerOf = ({ organization, organizationUid }: To, { askedBy }: PendingRecord): Doer => ({
  organization,
  organizationUid,
  tokenId: askedBy.tokenId,
  name: askedBy.name,
  jwt: null,
  member: askedBy.memberId === null ? null : { externalId: askedBy.memberId },
});

/** Only owners approve: whoever may give roles could give anybody else what it takes. */
export async function prepareAsApprover(
  statements: Statements,
  pending: PendingRecord,
  by: Principal,
  requests: RequestDeps,
): Promise<Prepared | AnnalsError> {
  if (by.role.key === 'OWNER') return prepareAs(statements, pending, by, requests);
  return new AnnalsError('FORBIDDEN', { message: `Only an owner approves; your role is ${by.role.key}.` });
}

/** The request under somebody’s rights; the error where they do not suffice, or where it has become impossible. */
async function prepareAs(
  statements: Statements,
  { kind, request }: PendingRecord,
  by: Principal,
  requests: RequestDeps,
): Promise<Prepared | AnnalsError> {
  const permission = permissionOf(kind);
  if (!isRequestKind(kind) || permission === undefined) return new AnnalsError('INTERNAL');
  if (!by.role.permissions.has(permission)) return new AnnalsError('FORBIDDEN');
  try {
    return await prepareRequest(statements, { kind, request }, by, requests);
  } catch (error) {
    if (error instanceof AnnalsError && !passing.has(error.code)) return error;
    throw error;
  }
}

/** Carries out or ends the change, if its time has come. Safe to call at any time, on any server. */
export type Settle = (to: To, id: string) => Promise<void>;

export function openSettle({ frame, auth, now, requests }: SettleDeps): Settle {
  /** Those who approved, and could do it themselves now. */
  const approversOf = async (statements: Statements, to: To, pending: PendingRecord): Promise<Principal[]> => {
    const able: Principal[] = [];
    for (const { tokenId } of pending.approvals) {
      const principal = await auth.recall(to.organization, tokenId);
      const prepared = principal && (await prepareAsApprover(statements, pending, principal, requests));
      if (principal !== null && !(prepared instanceof AnnalsError)) able.push(principal);
    }
    return able;
  };

  const end = async (statements: Statements, to: To, pending: PendingRecord, error: AnnalsError | null) => {
    const state = error === null ? 'EXPIRED' : 'REFUSED';
    const code = error?.code ?? null;
    await statements.endPending(to.organization, pending.id, { state, code, at: now() });
    await frame.tell(statements, askerOf(to, pending), [endedEntry(pending, state, code)]);
  };

  const carryOut = async (statements: Statements, to: To, pending: PendingRecord, prepared: Prepared) => {
    const changes = prepared.changes();
    await frame.tell(statements, askerOf(to, pending), carriedOutEntries(pending, changes));
    await statements.endPending(to.organization, pending.id, { state: 'DONE', code: null, at: now() });
    if (changes.length > 0) await prepared.write();
  };

  /** Whether anything came to its end. */
  const settle = async (statements: Statements, to: To, id: string): Promise<boolean> => {
    const pending = await statements.findPending(to.organization, id);
    // Another server was first.
    if (pending?.state !== 'PENDING') return false;
    // A newer server’s kind is carried out by that.
    if (!isRequestKind(pending.kind)) return false;
    if (now() >= pending.expiresAt) {
      await end(statements, to, pending, null);
      return true;
    }
    // Whoever follows the log hears of it before it happens.
    if (now() < pending.dueAt || (await statements.outboxWaits(to.organization))) return false;
    const asker = await auth.recall(to.organization, pending.askedBy.tokenId);
    const isSame = asker !== null && (asker.member?.externalId ?? null) === pending.askedBy.memberId;
    if (!isSame) {
      await end(statements, to, pending, new AnnalsError('UNAUTHENTICATED'));
      return true;
    }
    const prepared = await prepareAs(statements, pending, asker, requests);
    if (prepared instanceof AnnalsError) {
      await end(statements, to, pending, prepared);
      return true;
    }
    if (pending.secondPerson) {
      const approvers = await approversOf(statements, to, pending);
      if (countPersons(asker, approvers) < personsNeeded) return false;
    }
    await carryOut(statements, to, pending, prepared);
    return true;
  };

  return async (to, id) => {
    await frame.record(to);
    const ended = await frame.locked(to.organization, (statements) => settle(statements, to, id));
    if (ended) await frame.record(to);
  };
}

const everyMs = 1000;
const atOnce = 100;

export interface DueDeps {
  readonly store: Pick<Store, 'administration'>;
  readonly settle: Settle;
  readonly now: () => number;
}

export interface Due {
  /** Settles every change whose time has come, of all organizations; rejects after it has tried each. */
  run(): Promise<void>;
  /** Does so about every second. Disposing waits for a run under way. */
  start(fault: (error: unknown) => void): AsyncDisposable;
}

export function openDue({ store, settle, now }: DueDeps): Due {
  const run = async () => {
    const failures: unknown[] = [];
    for (let after: string | null = null; ; ) {
      const due = await store.administration.readDuePending(now(), { after, limit: atOnce });
      // One organization’s trouble must not keep the changes of the others.
      for (const { id, ...to } of due) await settle(to, id).catch((error: unknown) => failures.push(error));
      after = due.at(-1)?.id ?? null;
      if (due.length < atOnce) break;
    }
    if (failures.length > 0) throw failures[0];
  };
  return {
    run,
    start(fault) {
      let running: Promise<void> | null = null;
      const timer = setInterval(() => {
        running ??= run()
          .then(() => fault(null), fault)
          .finally(() => {
            running = null;
          });
      }, everyMs);
      timer.unref();
      return {
        async [Symbol.asyncDispose]() {
          clearInterval(timer);
          await running;
        },
      };
    },
  };
}
