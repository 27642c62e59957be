import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { appendFacts, chainHash, ledgerMistakes, missingFacts, readLedger } from '../../src/catalogue/ledger.ts';

/** A line of the ledger as it was once released: what came before it is fixed for ever. Only ever moved forward. */
const released = { lines: 316, head: '6a375b836a108a65' };

const text = readFileSync(join(import.meta.dirname, '../../src/catalogue/ledger.txt'), 'utf8');
const ledger = readLedger(text);
const catalogue = openCatalogue();
const facts = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('ledger and built-in catalogues agree', () => {
  expect(ledgerMistakes(ledger, catalogue)).toEqual([]);
  expect(ledger.facts).toHaveLength(catalogue.actions.length + catalogue.categories.length);
});

test('the released part of the ledger is unchanged', () => {
  const line = facts[released.lines - 1] ?? '';
  expect(line.split(' ', 1)).toEqual([released.head]);
});

test.each([
  ['a changed line', (lines: string[]) => lines.with(5, (lines[5] ?? '').replace(/\w+$/, 'other'))],
  ['a removed line', (lines: string[]) => lines.toSpliced(7, 1)],
  ['an inserted line', (lines: string[]) => lines.toSpliced(7, 0, `${chainHash('', 'action a.b a.c')} action a.b a.c`)],
  ['two lines exchanged', (lines: string[]) => lines.with(8, lines[9] ?? '').with(9, lines[8] ?? '')],
])('%s breaks the chain', (_, damage) => {
  expect(readLedger(damage(facts).join('\n')).faults).not.toEqual([]);
});

test.each([
  ['action enpass.gone enpass.users', '"action enpass.gone" is in no data file and is not retired'],
  ['action enpass.mfa_reset enpass.users', '"action enpass.mfa_reset" is in the ledger twice'],
  ['retired action enpass.mfa_reset', '"action enpass.mfa_reset" is retired and cannot be used again'],
  ['retired action enpass.never', '"action enpass.never" is retired but was never in the ledger'],
])('appending “%s” is a mistake', (fact, mistake) => {
  expect(ledgerMistakes(readLedger(appendFacts(text, [fact])), catalogue)).toEqual([mistake]);
});

test('a moved action, a new one and a retired one', () => {
  const small = appendFacts('', ['category enpass.users', 'action enpass.mfa_reset enpass.vaults']);
  expect(ledgerMistakes(readLedger(small), catalogue)).toContain(
    'the ledger says "action enpass.mfa_reset enpass.vaults", the data file "action enpass.mfa_reset enpass.users"; a category never changes',
  );
  const missing = missingFacts(readLedger(small), catalogue);
  expect(missing).toContain('action enpass.mfa_enabled enpass.users');
  expect(missing).not.toContain('category enpass.users');
  const retired = appendFacts(text, ['action enpass.gone enpass.users', 'retired action enpass.gone']);
  expect(ledgerMistakes(readLedger(retired), catalogue)).toEqual([]);
});
