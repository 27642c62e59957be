/** Who stands behind a credential: two credentials are two persons only if nobody can hold both. */
import type { Principal } from '../../auth/auth.ts';

/**
 * External ids of the members through whose hands the credential came, and of the member that it acts as: each of them may
 * know it. Null where that is not known; then it stands for nobody in particular.
 */
export function personsBehind({ member, makers }: Pick<Principal, 'member' | 'makers'>): readonly string[] | null {
  if (makers === null) return null;
  return [...new Set([...makers, ...(member === null ? [] : [member.externalId])])];
}

/**
 * How many persons certainly stand behind the credentials together: members of whom none had a hand in the credential of
 * another. A program is no person, but whoever made its token is not counted beside it.
 */
export function countPersons(asker: Principal, approvers: readonly Principal[]): number {
  const seen = new Set(personsBehind(asker));
  let persons = asker.member === null || asker.makers === null ? 0 : 1;
  for (const approver of approvers) {
    const behind = personsBehind(approver);
    if (behind === null || approver.member === null || behind.some((id) => seen.has(id))) continue;
    for (const id of behind) seen.add(id);
    persons++;
  }
  return persons;
}

/** Members, beside each other. */
export const personsNeeded = 2;
