import { expect, test } from 'vitest';
import { setPredicates } from '../../src/query/conditions.ts';

test('a value that a list repeats is looked up once, and a wrong one is named where it stands first', () => {
  const asked: string[] = [];
  const list = ['b', ...Array.from({ length: 5000 }, () => 'a'), 'b'];
  const stored = (value: string, where: string) => {
    asked.push(`${where} ${value}`);
    return [value];
  };
  expect(setPredicates('action', { in: list }, stored, 'filter.action')).toEqual([
    { op: 'in', field: 'action', values: new Set(['a', 'b']) },
  ]);
  expect(asked.sort()).toEqual(['filter.action.in[0] b', 'filter.action.in[1] a']);
});
