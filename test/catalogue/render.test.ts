import { expect, test } from 'vitest';
import { type Action, openCatalogue } from '../../src/catalogue/catalogue.ts';
import { type DescriptionFields, renderDescription } from '../../src/catalogue/render.ts';

const catalogue = openCatalogue();

function actionWith(template: string, translations: Record<string, string> = {}): Action {
  const action = catalogue.action('passwork.item_viewed');
  if (action === undefined) throw new Error('passwork.item_viewed is gone');
  return { ...action, template, translations };
}

const full: DescriptionFields = {
  actor: { type: 'MEMBER', id: '1', name: 'Anna Berg', email: 'anna@example.com' },
  affectedUser: { id: '2', name: null, email: 'bob@example.com' },
  targets: [{ id: 'i1', name: 'Gmail' }],
  directory: { id: 'd1', name: 'Mail' },
  vault: { id: 'v1', name: 'Office' },
  ip: '192.0.2.7',
  device: 'Laptop',
  component: 'web',
  changes: [{ field: 'role', before: 'MEMBER', after: null }],
  metadata: { count: 3, list: [1], ok: true, braces: '{actor}' },
};

test.each<[string, DescriptionFields, string]>([
  ['{actor} opened {target} in {directory} of {vault}', full, 'Anna Berg opened Gmail in Mail of Office'],
  ['{actor} opened {target} in {directory} of {vault}', {}, 'Someone opened an item in a folder of a vault'],
  ['by {actor} to {affectedUser}', { affectedUser: { id: 'u7' } }, 'by someone to u7'],
  ['to {affectedUser}', full, 'to bob@example.com'],
  ['{actor} ran', { actor: { type: 'SYSTEM' } }, 'The system ran'],
  ['{actor} ran', { actor: { type: 'TOKEN', name: '  ' } }, 'A token ran'],
  ['in {directory}', { vault: { id: 'v', name: 'Office' } }, 'in Office'],
  ['{ip} {device} {component} {change}', full, '192.0.2.7 Laptop web role MEMBER → –'],
  ['from {ip}', { ip: null }, 'from an unknown address'],
  ['{metadata.count} {metadata.ok} {metadata.list} {metadata.toString}', full, '3 true unknown unknown'],
  ['{vault|the vault *|a vault} is new', full, 'the vault Office is new'],
  ['{vault|the vault *|a vault} is new', {}, 'A vault is new'],
  ['changed{change|: *|}', {}, 'changed'],
  ['{target|a password}', {}, 'A password'],
  ['{metadata.braces}', full, '{actor}'],
  ['{vault|*|a vault}', { vault: { id: 'v', name: '$& $1' } }, '$& $1'],
  ['{target}', { targets: [{ name: 'A' }, { name: 'B' }] }, 'A and B'],
  ['{target}', { targets: ['A', 'B', 'C', 'D', 'E'].map((name) => ({ name })) }, 'A, B, C (+2)'],
  [
    '{target}',
    {
      targets: [
        { type: 'item', name: 'A' },
        { type: 'link', name: 'L' },
        { type: 'item', name: 'B' },
      ],
    },
    'A and B',
  ],
  [
    '{target.link} to {target.group}',
    {
      targets: [
        { type: 'item', name: 'A' },
        { type: 'link', id: 'L' },
      ],
    },
    'L to an item',
  ],
  ['{actor} ran', { actor: { name: 'eve\r\n\u202enimda' } }, 'eve nimda ran'],
  ['{actor}', { actor: { name: 'x'.repeat(300) } }, `${'x'.repeat(199)}…`],
])('%s', (template, fields, text) => {
  expect(renderDescription(actionWith(template), fields)).toBe(text);
});

test.each([
  ['de', 'Jemand öffnete es'],
  ['de-AT', 'Jemand öffnete es'],
  ['de-CH', 'Jemand hat es geöffnet'],
  ['DE-ch', 'Jemand hat es geöffnet'],
  ['fr', 'Someone opened it'],
  ['en-GB', 'Someone opened it'],
  ['not a tag', 'Someone opened it'],
  ['constructor', 'Someone opened it'],
])('in the language %s', (locale, text) => {
  const action = actionWith('{actor} opened it', {
    de: '{actor|jemand} öffnete es',
    'de-ch': '{actor|jemand} hat es geöffnet',
  });
  expect(renderDescription(action, {}, locale)).toBe(text);
});

test('a list is joined in the reader’s language, and a wrong tag does no harm', () => {
  const fields = { targets: [{ name: 'A' }, { name: 'B' }] };
  const action = actionWith('{target}', { de: '{target|etwas}' });
  expect(renderDescription(action, fields, 'de')).toBe('A und B');
  expect(renderDescription(action, fields, 'x--y')).toBe('A and B');
});

test('every built-in action reads well with all fields and with none', () => {
  const named = { ...full, affectedUser: { id: '2', name: 'Bob' } };
  for (const action of catalogue.actions) {
    for (const fields of [named, {}]) {
      const text = catalogue.describe(action, fields);
      expect(text, action.key).toMatch(/^[A-Z][^{}*|]*[^\s{}*|.]$/);
      expect(text, action.key).not.toMatch(/ {2}|\b(the|a|an) (the|a|an|some)\b/);
    }
  }
});
