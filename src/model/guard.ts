/** Guarded operations: what an organization may ask for before one of them is carried out. docs/guards.md has the rules in words. */

/** CHANGE_GUARDS is guarded by the strongest of all the others’ settings, and has none of its own. */
export const guardedOperations = ['CHANGE_OWNERS', 'ROTATE_KEYS', 'CHANGE_GUARDS'] as const;
export type GuardedOperation = (typeof guardedOperations)[number];

/** Those that an organization sets. */
export const settableOperations = guardedOperations.filter((one) => one !== 'CHANGE_GUARDS');
export type SettableOperation = Exclude<GuardedOperation, 'CHANGE_GUARDS'>;

/** How long a change waits, and whether another person has to approve it. */
export interface Requirement {
  readonly delaySeconds: number;
  readonly secondPerson: boolean;
}

export interface Guard extends Requirement {
  readonly operation: SettableOperation;
}

export const noRequirement: Requirement = { delaySeconds: 0, secondPerson: false };

export const asksForNothing = ({ delaySeconds, secondPerson }: Requirement): boolean =>
  delaySeconds === 0 && !secondPerson;

/** What asks for as much as each of them. */
export function strongest(requirements: readonly Requirement[]): Requirement {
  return requirements.reduce<Requirement>(
    (one, other) => ({
      delaySeconds: Math.max(one.delaySeconds, other.delaySeconds),
      secondPerson: one.secondPerson || other.secondPerson,
    }),
    noRequirement,
  );
}

/** Whether it asks for less than the other in anything. */
export const isWeaker = (after: Requirement, before: Requirement): boolean =>
  after.delaySeconds < before.delaySeconds || (before.secondPerson && !after.secondPerson);

/**
 * What the operations ask for together, under these settings. Wherever another person is asked for, owners change with
 * another person: else an owner would make that person itself.
 */
export function requirementOf(guards: readonly Guard[], operations: readonly GuardedOperation[]): Requirement {
  const all = operations.includes('CHANGE_GUARDS');
  const own = strongest(guards.filter(({ operation }) => all || operations.includes(operation)));
  const ofOwners = operations.includes('CHANGE_OWNERS') && guards.some(({ secondPerson }) => secondPerson);
  return { ...own, secondPerson: own.secondPerson || ofOwners };
}

export const pendingStates = ['PENDING', 'DONE', 'REFUSED', 'CANCELLED', 'EXPIRED'] as const;
export type PendingState = (typeof pendingStates)[number];
