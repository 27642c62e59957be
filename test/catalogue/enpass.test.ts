import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { enpassGroups } from './enpassGroups.ts';

const catalogue = openCatalogue();
const categories = catalogue.categories.filter((one) => one.catalogue === 'enpass');
const actions = catalogue.actions.filter((one) => one.catalogue === 'enpass');

test('six categories, in the published order', () => {
  expect(categories.map((one) => one.name)).toEqual([...new Set(enpassGroups.map(([category]) => category))]);
  expect(categories).toHaveLength(6);
});

test('33 groups with their published descriptions', () => {
  const groups = catalogue.actionGroups.filter((one) => one.catalogue === 'enpass');
  expect(groups.map((one) => [catalogue.category(one.category)?.name, one.name, one.description])).toEqual(
    enpassGroups.map(([category, group, description]) => [category, group, description]),
  );
  expect(groups).toHaveLength(33);
});

test.each(enpassGroups)('%s: %s (%s)', (category, group, _description, codes) => {
  const inGroup = actions.filter((one) => one.actionGroup === group);
  expect(inGroup.map((one) => one.code)).toEqual(codes);
  for (const action of inGroup) expect(catalogue.category(action.category)?.name).toBe(category);
});

test('every action belongs to a group, and its code is marked as coined', () => {
  expect(actions).toHaveLength(95);
  for (const action of actions) {
    expect(action).toMatchObject({ codeIsCoined: true, sourceSeverity: null, actionGroup: expect.any(String) });
    expect(action.code).toMatch(/^[a-z][a-z_]*$/);
  }
});
