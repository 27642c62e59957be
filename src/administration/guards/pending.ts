/** Changes that wait: who sees them, approves them and calls them off. */
import { type Principal, requirePermission } from '../../auth/auth.ts';
import { AnnalsError } from '../../errors.ts';
import type { Guard, GuardedOperation, PendingState } from '../../model/guard.ts';
import { formatTime } from '../../model/time.ts';
import { isUuid } from '../../model/uuid.ts';
import type { AdministrationStatements, PendingRecord, Standing, Store } from '../../store/store.ts';
import { badInput } from '../checks.ts';
import { type ListPage, type ListRequest, pageOf, sizeOf } from '../pages.ts';
import { standingOf } from './hold.ts';
import { personsBehind, personsNeeded } from './persons.ts';
import { kindsFor, permissionOf } from './requests.ts';
import { guardsOf } from './settings.ts';
import { prepareAsApprover, type Settle, type SettleDeps } from './settle.ts';
import { approvedEntry, cancelledEntry, type Planned, readPlanned } from './told.ts';

/** A change that was asked for, as those see it who could ask for it, too. Times in milliseconds. */
export interface PendingChange {
  readonly id: string;
  readonly operations: readonly GuardedOperation[];
  readonly state: PendingState;
  /** Where it stands, in words. */
  readonly message: string;
  /** What it would have changed when it was asked for: the first, and how many. */
  readonly planned: readonly Planned[];
  readonly plannedCount: number;
  readonly askedBy: Standing;
  readonly approvals: readonly (Standing & { readonly at: number })[];
  /** How many members have to approve it. */
  readonly approvalsNeeded: number;
  readonly requestedAt: number;
  readonly dueAt: number;
  readonly expiresAt: number;
  /** Of a change that was refused: the error’s code. */
  readonly code: string | null;
  readonly endedAt: number | null;
}

export interface PendingChanges {
  /** Needs MANAGE_ORGANIZATION. */
  guards(principal: Principal): Promise<readonly Guard[]>;
  /** Of the kinds that the principal could ask for itself, the newest first; those that wait, or by state. */
  pendingChanges(
    principal: Principal,
    request: ListRequest & { readonly state?: PendingState | null | undefined },
  ): Promise<ListPage<PendingChange>>;
  /**
   * Approves it; again, it changes nothing more. It is carried out at once where nothing else is missing. Null where there
   * is none that the principal could ask for itself. Errors: BAD_INPUT for one that is over, NOT_ANOTHER_PERSON, FORBIDDEN
   * for who is no owner, and those of asking for it oneself.
   */
  approveChange(principal: Principal, id: string): Promise<PendingChange | null>;
  /** Calls it off: whoever asked for it, or could; null where there is none. Errors: BAD_INPUT for one that is over. */
  cancelChange(principal: Principal, id: string): Promise<PendingChange | null>;
}

export interface PendingDeps extends SettleDeps {
  readonly store: Pick<Store, 'administration'>;
  readonly settle: Settle;
}

function inWords({ state, dueAt, expiresAt, secondPerson, code }: PendingRecord): string {
  if (state === 'DONE') return 'It was carried out.';
  if (state === 'REFUSED') return `It was not carried out: ${code}.`;
  if (state === 'CANCELLED') return 'It was called off.';
  if (state === 'EXPIRED') return 'It was not approved in time.';
  const approved = secondPerson ? ', once another person has approved it' : '';
  return `Nothing has changed yet: this is carried out from ${formatTime(dueAt)} on${approved}, or ends at ${formatTime(expiresAt)}.`;
}

export function shownPending(record: PendingRecord): PendingChange {
  const { id, state, askedBy, approvals, secondPerson, requestedAt, dueAt, expiresAt, code, endedAt } = record;
  const { count, first } = readPlanned(record);
  return {
    id,
    operations: record.operations as readonly GuardedOperation[],
    state,
    message: inWords(record),
    planned: first,
    plannedCount: count,
    askedBy,
    approvals,
    approvalsNeeded: secondPerson ? personsNeeded - (askedBy.memberId === null ? 0 : 1) : 0,
    requestedAt,
    dueAt,
    expiresAt,
    code,
    endedAt,
  };
}

const notAnother = (message: string) => new AnnalsError('NOT_ANOTHER_PERSON', { message });

/** Whoever mints JWTs can say that it is anybody. */
const isAsker = ({ askedBy }: PendingRecord, { member, tokenId, jwt }: Principal): boolean =>
  askedBy.memberId === null ? askedBy.tokenId === tokenId : jwt === null && askedBy.memberId === member?.externalId;

const mayDecide = ({ kind }: PendingRecord, { role }: Principal): boolean => {
  const permission = permissionOf(kind);
  return permission !== undefined && role.permissions.has(permission);
};

export function openPendingChanges({ store, frame, auth, now, requests, settle }: PendingDeps): PendingChanges {
  /** One that waits; null for what is not there, and for what the principal may not see. */
  const find = async (
    statements: AdministrationStatements,
    principal: Principal,
    id: string,
    may: (record: PendingRecord, principal: Principal) => boolean,
  ): Promise<PendingRecord | null> => {
    const record = isUuid(id) ? await statements.findPending(principal.organization, id) : null;
    if (record === null || !may(record, principal)) return null;
    if (record.state === 'PENDING') return record;
    throw badInput('id', `the change is over: it is ${record.state}.`, 'Ask for it again.');
  };

  const checkApprover = async (statements: AdministrationStatements, record: PendingRecord, principal: Principal) => {
    const { member, organization } = principal;
    if (member === null) throw notAnother('A program is no person: only a member approves.');
    const behind = personsBehind(principal);
    if (behind === null) throw notAnother('Whose hands your credential came through is not known.');
    const asker = await auth.recall(organization, record.askedBy.tokenId);
    const askers = (asker && personsBehind(asker)) ?? [record.askedBy.memberId];
    const [shared] = behind.filter((id) => askers.includes(id));
    if (member.externalId === record.askedBy.memberId) throw notAnother('You asked for this change yourself.');
    if (shared !== undefined) {
      const message = `Your credential and the one that asked for this came through the hands of ${JSON.stringify(shared)}.`;
      throw notAnother(message);
    }
    const prepared = await prepareAsApprover(statements, record, principal, requests);
    if (prepared instanceof AnnalsError) throw prepared;
  };

  const reload = async ({ organization }: Principal, record: PendingRecord): Promise<PendingChange> =>
    shownPending((await store.administration.findPending(organization, record.id)) ?? record);

  return {
    async guards(principal) {
      requirePermission(principal, 'MANAGE_ORGANIZATION');
      return guardsOf(store.administration, principal.organization);
    },
    async pendingChanges({ organization, role }, request) {
      const kinds = kindsFor(role.permissions);
      if (kinds.length === 0) {
        throw new AnnalsError('FORBIDDEN', {
          message: `The role ${role.key} could ask for none of the guarded changes.`,
        });
      }
      const limit = sizeOf(request);
      const { after = null, state = null } = request;
      if (after !== null && !isUuid(after)) throw new AnnalsError('BAD_CURSOR', { path: 'after' });
      const page = { after, limit: limit + 1, kinds, state: state ?? 'PENDING' };
      const { nodes, ...rest } = pageOf(
        await store.administration.pagePending(organization, page),
        limit,
        ({ id }) => id,
      );
      return { ...rest, nodes: nodes.map(shownPending) };
    },
    async approveChange(asked, id) {
      const record = await frame.administer(asked, null, async (statements, principal) => {
        const found = await find(statements, principal, id, mayDecide);
        if (found === null) return null;
        await checkApprover(statements, found, principal);
        const { member, organization } = principal;
        if (found.approvals.some(({ tokenId }) => tokenId === principal.tokenId)) return found;
        // The same member with another token: the newer one counts, the older may have been revoked.
        const others = found.approvals.filter(({ memberId }) => memberId !== member?.externalId);
        await statements.writeApprovals(organization, id, [...others, { ...standingOf(principal), at: now() }]);
        if (others.length === found.approvals.length) await frame.tell(statements, asked, [approvedEntry(found)]);
        return found;
      });
      if (record === null) return null;
      await frame.record(asked);
      // What keeps it from being carried out now is met again, and reported, by the run of every second.
      await settle(asked, id).catch(() => {});
      return reload(asked, record);
    },
    async cancelChange(asked, id) {
      const record = await frame.administer(asked, null, async (statements, principal) => {
        const may = (one: PendingRecord) => mayDecide(one, principal) || isAsker(one, principal);
        const found = await find(statements, principal, id, may);
        if (found === null) return null;
        await statements.endPending(principal.organization, id, { state: 'CANCELLED', code: null, at: now() });
        await frame.tell(statements, asked, [cancelledEntry(found)]);
        return found;
      });
      if (record === null) return null;
      await frame.record(asked);
      return reload(asked, record);
    },
  };
}
