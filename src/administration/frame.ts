/** The frame of every change by a principal: permission, turn, lock, rights as of under the lock, and the log. */
import { type Auth, type Principal, requirePermission } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { EntryInput } from '../model/entry.ts';
import type { Permission } from '../model/role.ts';
import type { AdministrationStatements, Store } from '../store/store.ts';
import type { AdministrationChange } from './changes.ts';

/** Whom an entry says it was. */
export type Doer = Pick<Principal, 'organization' | 'organizationUid' | 'tokenId' | 'name' | 'jwt'> & {
  readonly member: { readonly externalId: string } | null;
};

/** How changes by principals come into the log. */
export interface Recording {
  /**
   * The entries that tell of changes, each with an idempotency key. They are written in the transaction of the changes;
   * a full synchronization has all of its changes, the summary last.
   */
  changeEntries(doer: Doer, changes: readonly AdministrationChange[]): readonly EntryInput[];
  /**
   * Records what was written, once it is durable; awaited before the verb answers. When this rejects the verb does, and
   * the change stands.
   */
  recordChanges(to: Pick<Principal, 'organization' | 'organizationUid'>): Promise<void>;
}

export interface FrameDeps {
  readonly store: Pick<Store, 'administer' | 'administration' | 'hints'>;
  readonly auth: Pick<Auth, 'refresh'>;
  /** Left out, nothing is recorded. */
  readonly recording?: Recording;
}

/** Runs work after work. Each holds one connection and may need others meanwhile: many at once would wait for each other. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Rejects with OVERLOADED where more than `mostWaiting` wait. */
export function openTurns(mostWaiting = Number.POSITIVE_INFINITY): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (work) => {
    if (waiting >= mostWaiting) {
      const message = `${waiting} changes wait for their turn; at most ${mostWaiting} may.`;
      return Promise.reject(new AnnalsError('OVERLOADED', { message, retryAfterMs: 1000 }));
    }
    waiting++;
    const mine = last.then(work).finally(() => waiting--);
    last = mine.catch(() => {});
    return mine;
  };
}

/** Changes by those who manage nothing, such as of their views, that may wait: they are anybody’s. */
const mostOfReaders = 100;

type Statements = AdministrationStatements;

export interface Frame {
  /** The work under the lock, as the principal is then; null asks for no permission, which the work then does itself. */
  administer<T>(
    principal: Principal,
    permission: Permission | null,
    work: (statements: Statements, principal: Principal) => Promise<T>,
  ): Promise<T>;
  /** The same for what nobody asks for now. */
  locked<T>(organization: number, work: (statements: Statements) => Promise<T>): Promise<T>;
  /** Writes what the log is to be told; to be called before the change itself is written, since the head is locked last. */
  tell(statements: Statements, doer: Doer, changes: readonly AdministrationChange[]): Promise<void>;
  /** Records what was told; to be called after the commit. */
  record(to: Pick<Principal, 'organization' | 'organizationUid'>): Promise<void>;
}

export function openFrame({ store, auth, recording }: FrameDeps, inTurn: InTurn): Frame {
  // Whoever may only read does not make those wait who manage.
  const readersInTurn = openTurns(mostOfReaders);
  const lockedIn = async <T>(turn: InTurn, organization: number, work: (statements: Statements) => Promise<T>) => {
    const result = await turn(() =>
      store.administer(async (statements) => {
        await statements.lockOrganization(organization);
        return work(statements);
      }),
    );
    store.hints.send();
    return result;
  };
  return {
    locked: (organization, work) => lockedIn(inTurn, organization, work),
    async administer(asked, permission, work) {
      if (permission !== null) requirePermission(asked, permission);
      const turn = permission === 'READ' ? readersInTurn : inTurn;
      return lockedIn(turn, asked.organization, async (statements) => {
        // Whoever lost its rights while this waited does not act on them any more.
        const principal = await auth.refresh(asked);
        if (permission !== null) requirePermission(principal, permission);
        return work(statements, principal);
      });
    },
    async tell(statements, doer, changes) {
      const entries = recording?.changeEntries(doer, changes) ?? [];
      if (entries.length > 0) await statements.writeOutbox(doer.organization, entries);
    },
    record: async (to) => recording?.recordChanges(to),
  };
}
