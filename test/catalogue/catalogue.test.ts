import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';

const catalogue = openCatalogue();

test('the built-in catalogues, in order', () => {
  expect(catalogue.catalogues.map((one) => one.key)).toEqual(['enpass', 'passwork', 'annals']);
  expect(catalogue.catalogues.every((one) => /^\d+\.\d+\.\d+$/.test(one.version))).toBe(true);
});

test('the counts in the documentation are right', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/catalogues.md'), 'utf8');
  const rows = [...docs.matchAll(/^\| `(\w+)` \| (\d+)[^|]* \| (\d+)( published)?/gm)];
  const counted = catalogue.catalogues.map(({ key }) => {
    const actions = catalogue.actions.filter((one) => one.catalogue === key && one.key !== 'passwork.unknown');
    return [key, catalogue.categories.filter((one) => one.catalogue === key).length, actions.length];
  });
  expect(rows.map(([, key, categories, actions]) => [key, Number(categories), Number(actions)])).toEqual(counted);
});

test('lookups find every category and action, and nothing else', () => {
  for (const category of catalogue.categories) {
    expect(catalogue.category(category.key)).toBe(category);
    expect(catalogue.actionsOf(category.key).length).toBeGreaterThan(0);
  }
  for (const action of catalogue.actions) {
    expect(catalogue.action(action.key)).toBe(action);
    expect(catalogue.actionsOf(action.category)).toContain(action);
    expect(catalogue.actionByCode(action.catalogue, action.code.toUpperCase())).toBe(action);
  }
  expect(catalogue.actionsOf('enpass.none')).toEqual([]);
  expect(catalogue.action('toString')).toBeUndefined();
  expect(catalogue.actionByCode('enpass', 'item_viewed')).toBeUndefined();
});

test('nothing of the result can be changed', () => {
  const action = catalogue.actions[0];
  const parts: unknown[] = [
    catalogue,
    catalogue.catalogues,
    catalogue.catalogues[0],
    catalogue.categories,
    catalogue.actions,
  ];
  parts.push(catalogue.categories[0], catalogue.actionGroups, catalogue.actionGroups[0], action, action?.fields);
  parts.push(catalogue.actionsOf('enpass.users'), catalogue.actionsOf('none'));
  for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
});

test('what exposes many secrets or weakens the log is severe', () => {
  const severe = ['passwork.vault_exported', 'passwork.activityLogSettings_changed', 'enpass.vault_data_exported'];
  severe.push('enpass.vault_keyfile_exported', 'annals.legal_hold_released', 'annals.entry_erased');
  for (const key of severe) expect(catalogue.action(key)?.severity).toBeGreaterThanOrEqual(8);
});

test('what opens a secret is what the documentation lists', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/catalogues.md'), 'utf8');
  const section = /^## What opens a secret\n([\s\S]*?)^## /m.exec(docs)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| (`\w+\..*?) \| `(\w+)`/gm)].flatMap(([, keys = '', opens]) =>
    [...keys.matchAll(/`([\w.]+)`/g)].map(([, key]) => `${key} ${opens}`),
  );
  const opening = catalogue.actions.flatMap(({ key, opens }) => (opens === null ? [] : [`${key} ${opens}`]));
  expect(rows.sort()).toEqual(opening.sort());
  expect(opening.length).toBe(13);
});

test('what is about an account is in the categories that the documentation lists', () => {
  const places = ['enpass.users', 'enpass.recovery', 'enpass.organization', 'passwork.user_management'];
  const own = ['member_added', 'member_changed', 'member_role_changed', 'member_removed'];
  const annals = [...own, 'group_member_added', 'group_member_removed'].map((code) => `annals.${code}`);
  for (const { key, category, fields, aboutAccount } of catalogue.actions) {
    const meant = (places.includes(category) && fields.includes('affectedUser')) || annals.includes(key);
    expect([key, aboutAccount]).toEqual([key, meant]);
  }
});

test('failed and refused events say so by default', () => {
  const byOutcome = Object.groupBy(catalogue.actions, (action) => action.defaultOutcome);
  expect(byOutcome.FAILURE?.map((action) => action.key)).toMatchInlineSnapshot(`
    [
      "enpass.console_login_failed",
      "enpass.console_login_mfa_failed",
      "enpass.app_login_failed",
      "enpass.app_unlock_failed_repeatedly",
      "enpass.vault_sync_failed",
      "enpass.recovery_request_failed_by_system",
      "enpass.recovery_request_failed_by_user",
      "enpass.ssl_validation_failed",
      "passwork.user_auth_failed",
      "passwork.user_2fa_auth_failed",
      "passwork.session_pin_code_auth_failed",
      "passwork.user_auth_failed_login_not_found",
    ]
  `);
  expect(byOutcome.DENIED?.map((action) => action.key)).toMatchInlineSnapshot(`
    [
      "enpass.console_login_blocked",
      "passwork.user_auth_blocked",
      "annals.access_refused",
      "annals.sign_in_refused",
      "annals.change_refused",
    ]
  `);
});
