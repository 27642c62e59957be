import type { Auth, Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { TailState } from '../log/log.ts';
import type { LogFilter, Query, StreamQuery } from '../query/query.ts';
import type { Sight } from '../visibility/visibility.ts';
import type { LiveNotice } from './live.ts';

export interface RightsDeps {
  readonly query: Pick<Query, 'stream'>;
  readonly auth: Pick<Auth, 'refresh'>;
  /** Milliseconds; the clock that tokens expire by. */
  readonly now: () => number;
}

export type Versions = Pick<Principal, 'rightsVersion' | 'treeVersion'>;

/** Whether one of the versions is later than the other’s. */
export const newer = (one: Versions, other: Versions): boolean =>
  one.rightsVersion > other.rightsVersion || one.treeVersion > other.treeVersion;

/** What a stream reads with: renewed whenever the organization’s rights, the actors that its filter names, or its periods moved on. */
export class Rights {
  principal: Principal;
  query: StreamQuery;
  /** The credential that replaced the principal’s, until it is taken up. */
  private next: Principal | null = null;
  /** `TailState.people` as of before the filter’s names were resolved. */
  private people: number;
  private readonly deps: RightsDeps;
  private readonly filter: LogFilter | null;

  private constructor(
    deps: RightsDeps,
    filter: LogFilter | null,
    people: number,
    principal: Principal,
    query: StreamQuery,
  ) {
    this.deps = deps;
    this.filter = filter;
    this.people = people;
    this.principal = principal;
    this.query = query;
  }

  static async open(
    deps: RightsDeps,
    request: { readonly principal: Principal; readonly filter: LogFilter | null },
    state: TailState,
  ): Promise<Rights> {
    const { principal, filter } = request;
    return new Rights(deps, filter, state.people, principal, await deps.query.stream(principal, filter));
  }

  /** Whether entries as of this state must not be chosen before `renew`. */
  outdated(state: TailState): boolean {
    return (
      this.next !== null ||
      newer(state, this.principal) ||
      (this.query.people !== null && state.people > this.people) ||
      (this.query.renewAt !== null && this.query.renewAt <= this.deps.now())
    );
  }

  /** Another credential of the same person takes the place of the principal’s: its rights count from the next entry on. */
  replace(principal: Principal): void {
    this.next = principal;
  }

  /** When the credential expires, in milliseconds; null never. */
  get expiresAt(): number | null {
    return (this.next ?? this.principal).expiresAt;
  }

  /** Whether it has: no entry may be delivered any more. Needs no database. */
  get expired(): boolean {
    return this.expiresAt !== null && this.expiresAt <= this.deps.now();
  }

  /** Takes up the rights of today; the notice that the subscriber is owed, or null. Nothing changes when it throws. */
  async renew(state: TailState): Promise<LiveNotice | null> {
    const before = this.query.sight;
    const { next } = this;
    try {
      const current = await this.today(next, state);
      const { treeVersion } = state;
      const principal = current.treeVersion < treeVersion ? { ...current, treeVersion } : current;
      this.query = await this.deps.query.stream(principal, this.filter);
      this.principal = principal;
      this.people = state.people;
      // One that came meanwhile is taken up next.
      if (this.next === next) this.next = null;
    } catch (error) {
      if (!(error instanceof AnnalsError)) throw error;
      if (error.code === 'UNAUTHENTICATED' || error.code === 'ADDRESS_NOT_ALLOWED') {
        return { code: error.code, message: error.message };
      }
      if (error.code === 'FORBIDDEN') return { code: 'VISIBILITY_LOST', message: error.message };
      throw error;
    }
    if (this.query.sight.nothing) {
      return { code: 'VISIBILITY_LOST', message: 'Nothing of this log is visible any more.' };
    }
    if (sameSight(before, this.query.sight)) return null;
    return {
      code: 'RIGHTS_CHANGED',
      message: 'Your rights changed: from here on this stream shows what you may see now.',
    };
  }

  /** Whose rights count. The credential is not looked at again where only the tree, the filter’s actors or time moved on. */
  private today(next: Principal | null, state: TailState): Principal | Promise<Principal> {
    const { principal } = this;
    // One that was looked at before the rights of now is looked at again.
    if (next !== null) return next.rightsVersion >= principal.rightsVersion ? next : this.deps.auth.refresh(next);
    return state.rightsVersion > principal.rightsVersion ? this.deps.auth.refresh(principal) : principal;
  }

  /**
   * Looks the filter’s names up again after a read of the database: an actor that registered before that read, and after
   * the names were resolved, was missed by it. True when the read must be done again.
   */
  async namesMoved(): Promise<boolean> {
    if (this.query.people === null) return false;
    const today = await this.deps.query.stream(this.principal, this.filter);
    if (today.people === this.query.people) return false;
    this.query = today;
    return true;
  }
}

/**
 * Whether a subscriber need not be told. The fingerprint holds role and grants. A folder that is new under a granted
 * vault is no change of rights; a directory that was moved out of sight is one.
 */
function sameSight(before: Sight, after: Sight): boolean {
  return before.fingerprint === after.fingerprint && before.directories.isSubsetOf(after.directories);
}
