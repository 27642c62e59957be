/** What the log is told of changes that wait. */
import type { Json } from '../../model/entry.ts';
import { formatTime } from '../../model/time.ts';
import type { PendingRecord } from '../../store/store.ts';
import type { AdministrationChange } from '../changes.ts';

/** Changes that an announcement names, or a list shows; a request may make thousands. */
export const mostPlanned = 50;

/** One thing that the change would do, as the log will tell of it. */
export type Planned = Pick<AdministrationChange, 'action' | 'affectedUser' | 'targets' | 'changes'>;

const target = ({ id }: PendingRecord) => ({ type: 'pending_change', id, name: null });

function plannedJson({ action, affectedUser, targets, changes }: Planned): Json {
  return {
    action,
    ...(affectedUser ? { affectedUser: { id: affectedUser.id ?? null, name: affectedUser.name ?? null } } : {}),
    ...(targets ? { targets: targets.map(({ type, id = null, name = null }) => ({ type, id, name })) } : {}),
    ...(changes
      ? { changes: changes.map(({ field, before = null, after = null }) => ({ field, before, after })) }
      : {}),
  };
}

/** The first of the changes as they are kept with the request, and how many there are. */
export const plannedOf = (changes: readonly AdministrationChange[]): Json => ({
  count: changes.length,
  first: changes.slice(0, mostPlanned).map(plannedJson),
});

/** What `plannedOf` has kept. */
export function readPlanned({ planned }: Pick<PendingRecord, 'planned'>): {
  readonly count: number;
  readonly first: readonly Planned[];
} {
  return planned as unknown as { readonly count: number; readonly first: readonly Planned[] };
}

/** Before anything is done: who asks for what, and from when on it can happen. */
export function requestedEntry(pending: PendingRecord): AdministrationChange {
  const { operations, delaySeconds, secondPerson, dueAt, expiresAt, planned } = pending;
  const { first } = readPlanned(pending);
  const people = new Map(first.flatMap(({ affectedUser }) => (affectedUser ? [[affectedUser.id, affectedUser]] : [])));
  const [only] = people.size === 1 ? people.values() : [];
  return {
    action: 'annals.change_requested',
    targets: [target(pending), ...first.flatMap(({ targets }) => targets ?? [])].slice(0, mostPlanned),
    ...(only === undefined ? {} : { affectedUser: only }),
    ...(first.length === 1 && first[0]?.changes ? { changes: first[0].changes } : {}),
    metadata: {
      operations,
      delaySeconds,
      secondPerson,
      dueAt: formatTime(dueAt),
      expiresAt: formatTime(expiresAt),
      planned,
    },
  };
}

const metadata = ({ operations }: PendingRecord) => ({ operations });

export const approvedEntry = (pending: PendingRecord): AdministrationChange => ({
  action: 'annals.change_approved',
  targets: [target(pending)],
  metadata: metadata(pending),
});

export const cancelledEntry = (pending: PendingRecord): AdministrationChange => ({
  action: 'annals.change_cancelled',
  targets: [target(pending)],
  metadata: metadata(pending),
});

/** Names of the members who approved it. */
const approvers = ({ approvals }: PendingRecord) => approvals.map(({ memberId }) => memberId);

/** What was done, as it is told when it is done at once, with the request that led to it; and that the request is done. */
export function carriedOutEntries(
  pending: PendingRecord,
  changes: readonly AdministrationChange[],
): AdministrationChange[] {
  const approvedBy = approvers(pending);
  const done = {
    action: 'annals.change_carried_out',
    targets: [target(pending)],
    metadata: { ...metadata(pending), changes: changes.length, approvedBy },
  };
  return [...changes.map((change) => ({ ...change, metadata: { pendingChange: pending.id, approvedBy } })), done];
}

/** It could not be done, or nobody approved it in time. */
export const endedEntry = (pending: PendingRecord, state: 'REFUSED' | 'EXPIRED', code: string | null) => ({
  action: state === 'REFUSED' ? 'annals.change_refused' : 'annals.change_expired',
  targets: [target(pending)],
  metadata: { ...metadata(pending), ...(code === null ? {} : { code }) },
});
