/** Who is an owner: giving and taking that is CHANGE_OWNERS, whichever way it is asked for. */
import type { MemberRecord } from '../../store/store.ts';
import type { ChangeReport } from '../change.ts';
import { entryOf } from '../changes.ts';
import type { Difference, Plan } from '../plan.ts';
import type { MemberInput, Wish } from '../wish.ts';
import type { Guarded } from './requests.ts';

const isOwner = (member: MemberRecord | null): boolean => member?.role === 'OWNER';

/** Also where an owner is suspended, comes back, or is added suspended: a later change of status would make it one. */
const concernsOwner = ({ before, after }: Difference<MemberRecord>): boolean =>
  (isOwner(before) || isOwner(after)) && (before?.role !== after?.role || before?.status !== after?.status);

const asInput = ({ externalId, status, ...rest }: MemberRecord): MemberInput => ({
  id: externalId,
  ...rest,
  status: status === 'SUSPENDED' ? status : 'ACTIVE',
});

/**
 * What of a plan has to wait where owners are guarded; null where none is concerned. Of a full synchronization that is the
 * change of owners alone: the rest would be out of date by then, and comes with the next one.
 */
export function ownersChanged(plan: Plan, wish: Wish, report: ChangeReport): Guarded | null {
  const owners = plan.members.filter(concernsOwner);
  if (owners.length === 0) return null;
  const common = { kind: 'members', operations: ['CHANGE_OWNERS'] } as const;
  if (!wish.complete) return { ...common, request: { upsert: wish.members, remove: wish.removed.members } };
  const ids = new Set(owners.map(({ before, after }) => (after ?? before)?.externalId));
  return {
    ...common,
    request: {
      upsert: owners.flatMap(({ after }) => (after === null ? [] : [asInput(after)])),
      remove: owners.flatMap(({ before, after }) => (after === null && before !== null ? [before.externalId] : [])),
    },
    planned: report
      .things(Number.POSITIVE_INFINITY)
      .filter(({ kind, member }) => kind === 'MEMBER' && ids.has(member?.id))
      .map(entryOf),
  };
}
