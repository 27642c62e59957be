/** Who is an owner: giving and taking that is CHANGE_OWNERS, whichever way it is asked for. */
import type { MemberRecord } from '../../store/store.ts';
import type { ChangeReport } from '../change.ts';
import { type ChangedThing, entryOf } from '../changes.ts';
import { badInput } from '../checks.ts';
import type { Difference, Plan } from '../plan.ts';
import type { MemberInput, Wish } from '../wish.ts';
import type { Guarded } from './requests.ts';
import { mostPlanned } from './told.ts';

const isOwner = (member: MemberRecord | null): boolean => member?.role === 'OWNER';

/** Also where an owner is suspended, comes back, or is added suspended: a later change of status would make it one. */
const concernsOwner = ({ before, after }: Difference<MemberRecord>): boolean =>
  (isOwner(before) || isOwner(after)) && (before?.role !== after?.role || before?.status !== after?.status);

const asInput = ({ externalId, status, ...rest }: MemberRecord): MemberInput => ({
  id: externalId,
  ...rest,
  status: status === 'SUSPENDED' ? status : 'ACTIVE',
});

/** Whoever approves must see every owner that it is about. */
function checkCount(count: number): void {
  if (count <= mostPlanned) return;
  const cure = `Ask for at most ${mostPlanned} at a time: whoever approves has to see each.`;
  throw badInput('members', `${count} owners would change, and that is guarded.`, cure);
}

/**
 * What of a plan has to wait where owners are guarded; null where none is concerned. Of a full synchronization that is the
 * change of owners alone: the rest would be out of date by then, and comes with the next one.
 */
export function ownersChanged(plan: Plan, wish: Wish, report: ChangeReport): Guarded | null {
  const owners = plan.members.filter(concernsOwner);
  if (owners.length === 0) return null;
  const ids = new Set(owners.map(({ before, after }) => (after ?? before)?.externalId));
  const concerns = ({ kind, member }: ChangedThing) => kind === 'MEMBER' && ids.has(member?.id);
  const things = report.things(Number.POSITIVE_INFINITY);
  const planned = things.filter(concerns).map(entryOf);
  const common = { kind: 'members', operations: ['CHANGE_OWNERS'], check: () => checkCount(owners.length) } as const;
  if (!wish.complete) {
    // Owners first: what follows may be too much to be shown.
    return {
      ...common,
      request: { upsert: wish.members, remove: wish.removed.members },
      planned: [...planned, ...things.filter((thing) => !concerns(thing)).map(entryOf)],
    };
  }
  return {
    ...common,
    request: {
      upsert: owners.flatMap(({ after }) => (after === null ? [] : [asInput(after)])),
      remove: owners.flatMap(({ before, after }) => (after === null && before !== null ? [before.externalId] : [])),
    },
    planned,
  };
}
