/**
 * Keeps what searching by text needs in step with the log, behind it: the blocks, and the texts of entries that were
 * recorded before there were any. An append waits for none of this; what is not in a block yet is read entry by entry.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultReport } from '../errors.ts';
import type { LogPlace } from '../model/entry.ts';
import { addGrams, fieldSeparator, searchText, valueSeparator } from '../model/text.ts';
import { blockEntries, type SearchBlock, type SearchedEntry, type Store } from '../store/store.ts';

/** Blocks that are made together. */
const blocksAtATime = 16;
/** Texts that are filled in together. */
const textsAtATime = 500;
/** Filled-in texts between two lines in the log. */
const sayEvery = 100_000;

export interface SearchIndexDeps {
  readonly store: Pick<
    Store,
    ('addSearchBlocks' | 'fillSearchTexts' | 'readLastBlock' | 'readLogOrganizations' | 'readTexts') | 'readWithoutText'
  >;
  readonly fault: FaultReport;
  readonly say: (line: string) => void;
  /** How long after a fault it is tried again. */
  readonly retryMs?: number;
}

/** Disposing waits for a step under way. */
export interface SearchIndex extends AsyncDisposable {
  /** So many entries were recorded here. */
  recorded(organization: number, count: number): void;
  /** Looks at a log that may lack texts. */
  look(organization: number): void;
  /** Looks at every log: some may have grown since they were last looked at. */
  catchUp(): void;
  /** Resolves when nothing is left to do. */
  idle(): Promise<void>;
}

/** As long as the step took: whoever reads and records has the other half of the time. */
const rest = (began: number): Promise<void> => delay(performance.now() - began);

/** Whether a row is the last of its block. */
const ends = ({ position }: LogPlace): boolean => position % blockEntries === blockEntries - 1;

function blockOf(entries: readonly SearchedEntry[], organization: number): SearchBlock | null {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return null;
  const grams = new Set<number>();
  // Most fields, and most values of the others, stand in a block many times.
  const seen = new Set<string>();
  const isNew = (text: string) => seen.size < seen.add(text).size;
  for (const { search } of entries) {
    for (const field of (search ?? '').split(fieldSeparator).filter(isNew)) {
      const values = field.includes(valueSeparator) ? field.split(valueSeparator).filter(isNew) : [field];
      for (const value of values) addGrams(value, organization, grams);
    }
  }
  return {
    number: Math.floor(first.position / blockEntries),
    recordedFrom: first.recordedAt,
    recordedTo: last.recordedAt,
    grams: [...grams],
  };
}

/** The blocks that the entries, which follow each other, fill to their end. */
function blocksOf(entries: readonly SearchedEntry[], organization: number): SearchBlock[] {
  const blocks: SearchBlock[] = [];
  for (let from = 0, at = 0; at < entries.length; at++) {
    const entry = entries[at];
    if (entry === undefined || !ends(entry)) continue;
    const block = blockOf(entries.slice(from, at + 1), organization);
    if (block !== null) blocks.push(block);
    from = at + 1;
  }
  return blocks;
}

export function openSearchIndex({ store, fault, say, retryMs = 5000 }: SearchIndexDeps): SearchIndex {
  /** Logs to look at. */
  const due = new Set<number>();
  /** How many entries were recorded here since a log was last looked at. */
  const fresh = new Map<number, number>();
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Texts of entries of before. Entries that another server fills in at the same time are found filled. */
  const fill = async (organization: number): Promise<void> => {
    let filled = 0;
    while (!stopped) {
      const began = performance.now();
      const entries = await store.readWithoutText(organization, textsAtATime);
      if (entries.length === 0) break;
      const texts = entries.map((entry) => ({
        recordedAt: entry.recordedAt,
        position: entry.position,
        search: searchText(entry),
      }));
      const before = filled;
      filled += await store.fillSearchTexts(organization, texts);
      if (Math.floor(filled / sayEvery) > Math.floor(before / sayEvery)) {
        say(`search: ${filled} entries of organization ${organization} were given their texts`);
      }
      await rest(began);
    }
    if (filled > 0 && !stopped)
      say(`search: every entry of organization ${organization} has its text (${filled} given)`);
  };

  const addBlocks = async (organization: number): Promise<void> => {
    const last = await store.readLastBlock(organization);
    let place: LogPlace =
      last === null
        ? { recordedAt: 0, position: -1 }
        : { recordedAt: last.recordedTo, position: (last.number + 1) * blockEntries - 1 };
    while (!stopped) {
      const began = performance.now();
      const entries = await store.readTexts(organization, place, blocksAtATime * blockEntries);
      if (entries.some(({ search }) => search === null)) {
        // Of before there were texts, or of a server of that version, which still records without.
        await fill(organization);
        continue;
      }
      const blocks = blocksOf(entries, organization);
      if (blocks.length > 0) await store.addSearchBlocks(organization, blocks);
      const end = entries.findLast(ends);
      if (end !== undefined) place = { recordedAt: end.recordedAt, position: end.position };
      if (end === undefined) return;
      await rest(began);
    }
  };

  const run = async (): Promise<void> => {
    for (let [next] = due; next !== undefined && !stopped; [next] = due) {
      due.delete(next);
      try {
        await addBlocks(next);
        fault('search', null);
      } catch (error) {
        fault('search', error);
        due.add(next);
        retry = setTimeout(start, retryMs);
        retry.unref();
        return;
      }
    }
  };

  function start(): void {
    if (running !== null || stopped) return;
    running = run().finally(() => {
      running = null;
    });
  }

  const add = (organization: number) => {
    due.add(organization);
    start();
  };

  const catchUp = (): void => {
    store.readLogOrganizations().then(
      (organizations) => organizations.forEach(add),
      (error: unknown) => {
        fault('search', error);
        if (!stopped) retry = setTimeout(catchUp, retryMs).unref();
      },
    );
  };

  return {
    catchUp,
    look: add,
    recorded(organization, count) {
      const sum = (fresh.get(organization) ?? 0) + count;
      fresh.set(organization, sum % blockEntries);
      if (sum >= blockEntries) add(organization);
    },
    async idle() {
      while (running !== null) await running;
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(retry);
      await running;
    },
  };
}
