import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import published from './passwork-events.json' with { type: 'json' };

/** The headings of Passwork’s list in the order in which it prints them: “Background tasks” stands there twice. */
const printedHeadings = [
  'Vaults',
  'Folders',
  'Passwords',
  'Shortcuts',
  'Account',
  'User management',
  'LDAP settings',
  'SSO settings',
  'License info',
  'Vault settings',
  'Background tasks',
  'Activity log',
  'Background tasks',
];

const catalogue = openCatalogue();
const actions = catalogue.actions.filter((action) => action.catalogue === 'passwork');
const ours = (key: string) => catalogue.action(key)?.codeIsCoined === true;

test('the data holds every published event, in order, with heading, code and priority', () => {
  const data = actions
    .filter((action) => action.key !== 'passwork.unknown')
    .map((action) => [
      catalogue.category(action.category)?.name,
      action.name,
      action.codeIsCoined ? null : action.code,
      action.sourceSeverity,
    ]);
  expect(data).toEqual(published);
  expect(data).toHaveLength(151);
});

test('the categories are the distinct headings', () => {
  const headings = published.map(([heading]) => heading);
  expect(headings.filter((heading, index) => heading !== headings[index - 1])).toEqual(printedHeadings);
  const names = catalogue.categories.filter((one) => one.catalogue === 'passwork').map((one) => one.name);
  expect(names).toEqual([...new Set(printedHeadings)]);
  expect(names).toHaveLength(12);
});

test('codes are kept verbatim, and found ignoring case', () => {
  expect(catalogue.action('passwork.userGroup_added_to_vault')?.code).toBe('userGroup_added_to_vault');
  expect(catalogue.action('passwork.usergroup_added_to_vault')).toBeUndefined();
  expect(catalogue.actionByCode('passwork', 'USERGROUP_added_to_vault')?.key).toBe('passwork.userGroup_added_to_vault');
});

test('coined codes are marked as ours', () => {
  expect(actions.filter((action) => action.codeIsCoined).map((action) => action.code)).toEqual([
    'user_master_password_changed',
    'session_pin_code_set',
    'session_pin_code_changed',
    'session_pin_code_reset',
    'user_master_password_reset',
    'unknown',
  ]);
  expect(ours('passwork.item_viewed')).toBe(false);
  expect(catalogue.action('passwork.unknown')).toMatchObject({ defaultOutcome: 'UNKNOWN', sourceSeverity: null });
});

test('our severity stands beside the published priority and differs where that misjudges', () => {
  expect(catalogue.action('passwork.vault_exported')).toMatchObject({ severity: 9, sourceSeverity: 1 });
  expect(catalogue.action('passwork.item_exported')).toMatchObject({ severity: 7, sourceSeverity: 9 });
});
