// Appends to src/catalogue/ledger.txt what the built-in catalogues have and the ledger has not:
//   node scripts/catalogue-ledger.mjs
//   node scripts/catalogue-ledger.mjs retire action passwork.item_viewed   (first remove it from its data file)
// Needs Node 24 (it imports TypeScript).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCatalogue } from '../src/catalogue/catalogue.ts';
import { appendFacts, ledgerMistakes, missingFacts, readLedger } from '../src/catalogue/ledger.ts';

const path = join(import.meta.dirname, '../src/catalogue/ledger.txt');
const before = existsSync(path)
  ? readFileSync(path, 'utf8')
  : '# Append-only: written by scripts/catalogue-ledger.mjs, checked by a test. See docs/catalogues.md.\n';

const ledger = readLedger(before);
if (ledger.faults.length > 0) {
  console.error(`The ledger is damaged; nothing was written.\n${ledger.faults.join('\n')}`);
  process.exit(1);
}

const [verb, kind, key, ...rest] = process.argv.slice(2);
const usage = verb !== undefined && (verb !== 'retire' || !/^(action|category)$/.test(kind) || !key || rest.length > 0);
if (usage) {
  console.error('Usage: node scripts/catalogue-ledger.mjs [retire action|category KEY]');
  process.exit(2);
}

const catalogue = openCatalogue();
const facts = [...missingFacts(ledger, catalogue), ...(verb === 'retire' ? [`retired ${kind} ${key}`] : [])];
const after = appendFacts(before, facts);
const mistakes = ledgerMistakes(readLedger(after), catalogue);
if (mistakes.length > 0) {
  console.error(`Nothing was written.\n${mistakes.join('\n')}`);
  process.exit(1);
}
writeFileSync(path, after);
const { facts: all, head } = readLedger(after);
console.log(`${facts.length} lines appended; ${all.length} lines, head ${head}.`);
