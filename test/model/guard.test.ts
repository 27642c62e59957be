import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asksForNothing,
  type Guard,
  isWeaker,
  type Requirement,
  requirementOf,
  strongest,
} from '../../src/model/guard.ts';

const requirement: fc.Arbitrary<Requirement> = fc.record({
  delaySeconds: fc.integer({ min: 0, max: 5 }),
  secondPerson: fc.boolean(),
});
/** The rule knows the operations by name alone: those to come are judged like those that are there. */
const guards = fc.uniqueArray(fc.record({ operation: fc.constantFrom('CHANGE_OWNERS', 'ONE', 'TWO'), requirement }), {
  selector: ({ operation }) => operation,
});
const asGuards = (list: readonly { operation: string; requirement: Requirement }[]): Guard[] =>
  list.map(({ operation, requirement: one }) => ({ operation: operation as Guard['operation'], ...one }));

test('the strongest asks for as much as each, and for nothing that none asks for', () => {
  fc.assert(
    fc.property(fc.array(requirement), (all) => {
      const most = strongest(all);
      expect(all.some((one) => isWeaker(most, one))).toBe(false);
      expect(asksForNothing(most)).toBe(all.every(asksForNothing));
      expect([0, ...all.map((one) => one.delaySeconds)]).toContain(most.delaySeconds);
    }),
  );
});

test('to ask for less is guarded by as much as anything is', () => {
  fc.assert(
    fc.property(guards, (list) => {
      const needed = requirementOf(asGuards(list), ['CHANGE_GUARDS']);
      for (const { requirement: one } of list) expect(isWeaker(needed, one)).toBe(false);
    }),
  );
});

test('wherever another person is asked for, no owner is made without one', () => {
  fc.assert(
    fc.property(guards, (list) => {
      const { secondPerson } = requirementOf(asGuards(list), ['CHANGE_OWNERS']);
      expect(secondPerson).toBe(list.some(({ requirement: one }) => one.secondPerson));
    }),
  );
});
