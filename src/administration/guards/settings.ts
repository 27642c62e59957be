/** What an organization asks for before a guarded operation, and how that is changed. */
import {
  asksForNothing,
  type Guard,
  guardedOperations,
  isWeaker,
  noRequirement,
  type Requirement,
  requirementOf,
  type SettableOperation,
  settableOperations,
} from '../../model/guard.ts';
import type { AdministrationStatements } from '../../store/store.ts';
import { fieldChanges } from '../changes.ts';
import { badInput } from '../checks.ts';
import type { Step } from '../step.ts';
import { personsNeeded } from './persons.ts';

/** The whole setting. */
export interface GuardInput extends Requirement {
  readonly operation: SettableOperation;
}

/** Longer would lock an organization out of itself. */
const mostDelaySeconds = 30 * 86_400;
/** A change that is due and not carried out, since nobody approves it, ends after this. */
export const graceMs = 7 * 86_400_000;

const isSettable = (operation: string): operation is SettableOperation =>
  settableOperations.some((one) => one === operation);

/** One for each operation that can be set, in the order of the vocabulary. */
export async function guardsOf(
  statements: Pick<AdministrationStatements, 'readGuards'>,
  organization: number,
): Promise<Guard[]> {
  const stored = await statements.readGuards(organization);
  return settableOperations.map((operation) => {
    const { delaySeconds, secondPerson } = stored.find((guard) => guard.operation === operation) ?? noRequirement;
    return { operation, delaySeconds, secondPerson };
  });
}

async function checkApprovers(statements: AdministrationStatements, organization: number) {
  const owners = await statements.countOwners(organization);
  if (owners >= personsNeeded) return;
  const cure = 'Give another member the role OWNER first.';
  throw badInput('secondPerson', `only ${owners} active owner could approve; with it nothing could be done.`, cure);
}

/** Errors: BAD_INPUT. */
export async function guardStep(
  statements: AdministrationStatements,
  organization: number,
  { operation, delaySeconds, secondPerson }: GuardInput,
): Promise<Step<readonly Guard[]>> {
  if (!isSettable(operation)) throw badInput('operation', `must be one of ${settableOperations.join(', ')}.`);
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > mostDelaySeconds) {
    throw badInput('delaySeconds', `is ${delaySeconds}; it must be a whole number from 0 to ${mostDelaySeconds}.`);
  }
  const guards = await guardsOf(statements, organization);
  const after: Guard = { operation, delaySeconds, secondPerson };
  const before = guards.find((guard) => guard.operation === operation) ?? { operation, ...noRequirement };
  if (secondPerson && !before.secondPerson) await checkApprovers(statements, organization);
  const fields = fieldChanges(before, after, ['delaySeconds', 'secondPerson']);
  const changes = fields.map((change) => ({ ...change, field: `${operation}.${change.field}` }));
  const result = guards.map((guard) => (guard.operation === operation ? after : guard));
  return {
    changes: () => (changes.length === 0 ? [] : [{ action: 'annals.settings_changed', changes }]),
    guarded: isWeaker(after, before) ? { kind: 'guard', operations: ['CHANGE_GUARDS'], request: after } : null,
    result,
    async write() {
      await statements.writeGuard(organization, after);
      for (const one of guardedOperations) {
        const requirement = { operation: one, ...requirementOf(result, [one]) };
        if (!asksForNothing(requirement)) await statements.strengthenPending(organization, requirement, graceMs);
      }
    },
  };
}
