import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Catalogue, openCatalogue } from '../../src/catalogue/catalogue.ts';
import { AnnalsError } from '../../src/errors.ts';

const directory = mkdtempSync(join(tmpdir(), 'annals-catalogue-'));
afterAll(() => rmSync(directory, { recursive: true }));

const docs = readFileSync(join(import.meta.dirname, '../../docs/catalogues.md'), 'utf8');
const example = /```json\n(.*?)```/s.exec(docs)?.[1] ?? '';

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** The lines of the error that loading gives, without the directory of the test. */
function mistakesOf(...files: string[]): string[] {
  try {
    openCatalogue({ files });
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    expect(error.code).toBe('CATALOGUE_INVALID');
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replaceAll(`${directory}/`, ''));
  }
  return [];
}

const action = {
  code: 'opened',
  category: 'doors',
  name: 'Opened',
  description: 'A door was opened.',
  template: '{actor} opened {target}',
  severity: 3,
  fields: ['actor', 'targets'],
};
const category = { code: 'doors', name: 'Doors', description: 'Doors.' };
const head = { key: 'acme', name: 'Acme', version: '1', description: 'Ours.' };
const whole = { catalogue: head, categories: [category], actions: [action] };
const withAction = (change: object) => ({ ...whole, actions: [{ ...action, ...change }] });

function loadExample(): Catalogue {
  return openCatalogue({ files: [file('doors.json', example)] });
}

test('the example of the documentation loads beside the built-in catalogues', () => {
  const catalogue = loadExample();
  expect(catalogue.catalogues.map((one) => one.key)).toEqual(['enpass', 'passwork', 'annals', 'doors']);
  expect(catalogue.action('doors.badge_accepted')).toMatchObject({
    catalogue: 'doors',
    category: 'doors.entrances',
    actionGroup: 'Badges',
    defaultOutcome: 'SUCCESS',
    codeIsCoined: false,
    opens: 'door',
    aboutAccount: false,
    sourceSeverity: null,
    fields: ['actor', 'targets', 'device', 'location', 'metadata'],
  });
  expect(catalogue.action('doors.badge_refused')).toMatchObject({
    defaultOutcome: 'DENIED',
    opens: null,
    sourceSeverity: 4,
  });
});

test('its translation is used for its language', () => {
  const catalogue = loadExample();
  const accepted = catalogue.action('doors.badge_accepted');
  if (accepted === undefined) throw new Error('doors.badge_accepted is gone');
  expect(catalogue.describe(accepted, { targets: [{ name: 'North' }] }, 'de-AT')).toBe('Jemand öffnete die Tür North');
  expect(catalogue.describe(accepted, {}, 'fr')).toBe('Someone opened a door');
});

test('a file with a byte order mark loads', () => {
  expect(mistakesOf(file('bom.json', `\ufeff${JSON.stringify(whole)}`))).toEqual([]);
});

test.each<[string, object | string | Uint8Array, string[]]>([
  [
    'a duplicate key, ignoring case',
    { ...whole, actions: [action, { ...action, code: 'OPENED' }] },
    ['actions[1].code: "OPENED" is the code of actions[0] already; codes are unique, ignoring case'],
  ],
  [
    'a reserved catalogue',
    { ...whole, catalogue: { ...head, key: 'passwork' } },
    ['catalogue.key: "passwork" is reserved; choose a key of your own'],
  ],
  [
    'an unknown placeholder',
    withAction({ template: '{actor} opened {door}' }),
    [
      'actions[0].template: {door} is not a placeholder; known are {actor} {affectedUser} {target} {directory} {vault} {ip} {device} {component} {change} {target.<type>} {metadata.<key>}',
    ],
  ],
  [
    'a placeholder for a field that the action does not carry',
    withAction({ template: '{actor} in {vault}' }),
    ['actions[0].template: {vault} needs the field "vault", which `fields` does not list'],
  ],
  [
    'a stray brace',
    withAction({ template: '{actor} opened {' }),
    ['actions[0].template: has a brace that opens or closes no placeholder; braces cannot be used as text'],
  ],
  [
    'words that lose the value',
    withAction({ template: '{actor|a person|someone}' }),
    ['actions[0].template: {actor|a person|…} loses the value; put * where it belongs'],
  ],
  [
    'a secret in a field that the action does not carry',
    withAction({ opens: 'vault' }),
    ['actions[0].opens: "vault" needs the field "vault", which `fields` does not list'],
  ],
  [
    'a secret in no directory and no vault',
    withAction({ opens: 'directory' }),
    ['actions[0].opens: "directory" needs the field "directory", which `fields` does not list'],
  ],
  [
    'a secret among targets that there are none of',
    withAction({ opens: 'item', template: '{actor}', fields: ['actor', 'vault'] }),
    ['actions[0].opens: "item" needs the field "targets", which `fields` does not list'],
  ],
  [
    'a secret that is true',
    withAction({ opens: true }),
    ['actions[0].opens: must be vault, directory, or a type of targets: one line of 1 to 100 characters, not true'],
  ],
  [
    'an account of nobody',
    withAction({ aboutAccount: true }),
    ['actions[0].aboutAccount: needs the field "affectedUser", which `fields` does not list'],
  ],
  ['severity 11', withAction({ severity: 11 }), ['actions[0].severity: must be a whole number from 1 to 10, not 11']],
  [
    'a severity in quotes, and none',
    {
      ...whole,
      actions: [
        { ...action, severity: '3' },
        { ...action, code: 'b', severity: undefined },
      ],
    },
    [
      'actions[0].severity: must be a whole number from 1 to 10, not "3"',
      'actions[1].severity: is missing; it must be a whole number from 1 to 10',
    ],
  ],
  [
    'a category that is not there',
    withAction({ category: 'gates' }),
    [
      'actions[0].category: "gates" is not the code of a category in this file; add it to categories or use one that is there',
    ],
  ],
  [
    'a group that is not there',
    withAction({ actionGroup: 'Locks' }),
    ['actions[0].actionGroup: "Locks" is not a group of the category "doors" in actionGroups'],
  ],
  [
    'the same category twice',
    { ...whole, categories: [category, category] },
    ['categories[1].code: "doors" is used twice; each category has a code of its own'],
  ],
  [
    'an unknown field and set',
    withAction({ fields: ['actor', 'targets', 'colour', '@none'] }),
    [
      expect.stringMatching(/^actions\[0\]\.fields\[2\]: "colour" is not a field; known are actor, .*component$/),
      expect.stringMatching(/^actions\[0\]\.fields\[3\]: "@none" is not a field/),
    ],
  ],
  [
    'a property too many',
    { ...withAction({ severety: 3 }), extra: 1 },
    ['extra: is not a field of this form', 'actions[0].severety: is not a field of this form'],
  ],
  [
    'a wrong outcome',
    withAction({ defaultOutcome: 'OK' }),
    ['actions[0].defaultOutcome: must be one of SUCCESS, FAILURE, DENIED, UNKNOWN, not "OK"'],
  ],
  [
    'translations',
    withAction({ translations: { de: '{actor} öffnete', en: 'x', '1': 'y' } }),
    ['actions[0].translations["1"]: must be a language tag such as "de" or "pt-BR", not "1"'],
  ],
  [
    'translations that lean on English words',
    withAction({ translations: { de: '{actor} öffnete', en: 'x' } }),
    [
      'actions[0].translations.de: {actor} needs words for a missing value in this language: {actor|words}',
      'actions[0].translations.en: is `template` itself; leave it out here',
    ],
  ],
  [
    'bad JSON',
    '{\n  "catalogue": {\n    "key": acme\n',
    ['line 3, column 12: is not JSON: expected a value, found "a"'],
  ],
  ['an empty file', '', ['line 1, column 1: is not JSON: expected a value, found the end of the file']],
  ['another value', '[]', ['must be an object with catalogue, categories and actions, not []']],
  ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), ['is not UTF-8 text']],
  [
    'nothing in it',
    {},
    [
      'catalogue: is missing; it must be an object with key, name, version and description',
      'categories: is missing; it must be a list of one or more categories',
      'actions: is missing; it must be a list of one or more actions',
    ],
  ],
  [
    'a broken category hides no broken action',
    { ...whole, categories: [{ code: 'doors' }], actions: [{ ...action, name: '' }] },
    [
      'categories[0].name: is missing; it must be a name: one line of 1 to 200 characters',
      'categories[0].description: is missing; it must be a description: one line of 1 to 1000 characters',
      'actions[0].name: must be a name: one line of 1 to 200 characters, not ""',
    ],
  ],
])('%s', (_, content, mistakes) => {
  const bytes = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
  const found = mistakesOf(file('acme.json', bytes));
  expect(found.filter((line) => !line.startsWith('acme.json: '))).toEqual([]);
  expect(found.map((line) => line.slice('acme.json: '.length))).toEqual(mistakes);
});

test('a missing file, a directory, and two files of one key are reported together', () => {
  const first = file('first.json', JSON.stringify(whole));
  const second = file('second.json', JSON.stringify(withAction({ severity: 0 })));
  const third = file('third.json', JSON.stringify(whole));
  expect(mistakesOf(join(directory, 'none.json'), directory, first, second, third)).toEqual([
    'none.json: there is no such file',
    expect.stringMatching(/: cannot be read: EISDIR/),
    'second.json: actions[0].severity: must be a whole number from 1 to 10, not 0',
    'third.json: catalogue.key: "acme" is the key of first.json already',
  ]);
});

test('the error names the first place and says what to do', () => {
  const path = file('acme.json', JSON.stringify(withAction({ severity: 11 })));
  expect(() => openCatalogue({ files: [path] })).toThrow(
    expect.objectContaining({
      code: 'CATALOGUE_INVALID',
      path: `${path}: actions[0].severity`,
      message: expect.stringMatching(/^The catalogue files have 1 mistake:\n/),
      cure: expect.stringContaining('docs/catalogues.md'),
    }),
  );
});
