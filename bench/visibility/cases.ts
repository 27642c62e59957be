import { type Viewer, viewers } from './data.ts';

/** What each viewer sees, in words, and how many times as long as for a role that sees all its page may take. */
const cases: Readonly<Record<Viewer, readonly [words: string, atMost: number]>> = {
  'all few': ['all entries, 3 granted directories with all below them', 1.5],
  'all many': ['all entries, 5,000 granted directories with all below them', 1.5],
  'tenth few': ['a tenth of the entries in 3 granted directories', 1.5],
  'tenth many': ['a tenth of the entries in 5,000 granted directories', 1.5],
  'thousandth few': ['a thousandth of the entries in 3 granted directories', 1.5],
  'thousandth many': ['a thousandth of the entries in 5,000 granted directories', 10],
  own: ['ten entries of its own', 2],
};

export interface Case {
  readonly viewer: Viewer;
  /** Such as `of a member that sees …`. */
  readonly words: string;
  readonly atMost: number;
}

const caseOf = (viewer: Viewer): Case => {
  const [words, atMost] = cases[viewer];
  return { viewer, words: `of a member that sees ${words}`, atMost };
};

export const allCases: readonly Case[] = viewers.map(caseOf);
/** One of each way in which a page is read. */
export const someCases: readonly Case[] = (['tenth many', 'thousandth many', 'own'] as const).map(caseOf);
