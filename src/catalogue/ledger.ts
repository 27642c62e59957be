import { createHash } from 'node:crypto';
import type { Catalogue } from './catalogue.ts';

/**
 * The ledger of built-in keys (ledger.txt): one line per category and action that ever was in a built-in catalogue, so
 * that no key is reused or moved. A line is `<hash> <fact>`, where the fact is `category <key>`,
 * `action <key> <category>` or `retired <category|action> <key>`, and the hash is the first 16 hex digits of SHA-256
 * over the hash of the line before (empty for the first), a line feed and the fact. So no line can be changed, removed
 * or inserted without changing all after it. Lines that start with `#` are comments.
 */
export interface Ledger {
  /** The facts in their order. */
  readonly facts: readonly string[];
  /** The hash of the last line; empty for an empty ledger. */
  readonly head: string;
  /** Lines whose hash does not follow from the line before, in words. */
  readonly faults: readonly string[];
}

export function chainHash(previous: string, fact: string): string {
  return createHash('sha256').update(`${previous}\n${fact}`).digest('hex').slice(0, 16);
}

export function readLedger(text: string): Ledger {
  const facts: string[] = [];
  const faults: string[] = [];
  let head = '';
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, hash = '', fact = ''] = /^([0-9a-f]{16}) (.+)$/.exec(line) ?? [];
    const right = chainHash(head, fact);
    if (hash !== right) faults.push(`line ${index + 1} does not follow from the line before: its hash is not ${right}`);
    facts.push(fact);
    head = hash;
  }
  return { facts, head, faults };
}

/** The text with facts added at its end. */
export function appendFacts(text: string, facts: readonly string[]): string {
  let { head } = readLedger(text);
  const lines = facts.map((fact) => {
    head = chainHash(head, fact);
    return `${head} ${fact}\n`;
  });
  return text + lines.join('');
}

function factsOf(catalogue: Catalogue): string[] {
  return [
    ...catalogue.categories.map((category) => `category ${category.key}`),
    ...catalogue.actions.map((action) => `action ${action.key} ${action.category}`),
  ];
}

/** `action passwork.item_viewed`: what a fact is about, without what it says. */
function subjectOf(fact: string): string {
  return fact
    .replace(/^retired /, '')
    .split(' ')
    .slice(0, 2)
    .join(' ');
}

/** What the catalogue has and the ledger does not yet: the lines to append. */
export function missingFacts(ledger: Ledger, catalogue: Catalogue): string[] {
  const known = new Set(ledger.facts.map(subjectOf));
  return factsOf(catalogue).filter((fact) => !known.has(subjectOf(fact)));
}

/**
 * Where ledger and built-in catalogues disagree, in words: a broken chain, a key that is missing from either, moved to
 * another category, or used again after it was retired.
 * @param catalogue the built-in catalogues alone
 */
export function ledgerMistakes(ledger: Ledger, catalogue: Catalogue): string[] {
  const mistakes = [...ledger.faults];
  const facts = new Map(factsOf(catalogue).map((fact) => [subjectOf(fact), fact]));
  const retired = new Set(ledger.facts.filter((fact) => fact.startsWith('retired ')).map(subjectOf));
  const seen = new Set<string>();
  for (const fact of ledger.facts) {
    const subject = subjectOf(fact);
    if (fact.startsWith('retired ')) {
      if (!seen.has(subject)) mistakes.push(`"${subject}" is retired but was never in the ledger`);
      continue;
    }
    if (seen.has(subject)) mistakes.push(`"${subject}" is in the ledger twice`);
    seen.add(subject);
    const now = facts.get(subject);
    if (retired.has(subject)) {
      if (now !== undefined) mistakes.push(`"${subject}" is retired and cannot be used again`);
    } else if (now === undefined) mistakes.push(`"${subject}" is in no data file and is not retired`);
    else if (now !== fact) mistakes.push(`the ledger says "${fact}", the data file "${now}"; a category never changes`);
  }
  for (const fact of missingFacts(ledger, catalogue)) mistakes.push(`"${fact}" is not in the ledger yet`);
  return mistakes;
}
