/** The file in which `annals tail` remembers how far it has printed. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LogFilter } from './generated/graphql.ts';
import { usage } from './options.ts';

interface Remembered {
  /** The filter as it was asked for, without where the first run began. */
  readonly asked: LogFilter | null;
  /** The filter that the cursor belongs to. */
  readonly filter: LogFilter | null;
  readonly cursor: string;
}

export interface TailState {
  /** What an earlier run left; null for the first. */
  readonly known: Remembered | null;
  /** Durable when it resolves: the file has the old cursor or the new one. */
  save(filter: LogFilter | null, cursor: string): Promise<void>;
}

/** Without a path nothing is remembered. Throws USAGE for a file that is none of ours, or belongs to another filter. */
export async function openTailState(path: string | undefined, asked: LogFilter | null): Promise<TailState> {
  if (path === undefined) return { known: null, save: async () => {} };
  const known = await read(path);
  if (known !== null && !isDeepStrictEqual(known.asked, plain(asked))) {
    throw usage(
      `${path} belongs to another filter: ${JSON.stringify(known.asked)}.`,
      'Use the options that it was made with, or another file for each filter.',
    );
  }
  return {
    known,
    async save(filter, cursor) {
      const draft = `${path}.new`;
      const remembered: Remembered = { asked, filter, cursor };
      try {
        await writeFile(draft, `${JSON.stringify(remembered)}\n`, { mode: 0o600, flush: true });
        await rename(draft, path);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw usage(`The state cannot be written: ${reason}.`, 'Name a file in a directory that you may write to.');
      }
    },
  };
}

/** As it would come back from the file. */
const plain = (value: LogFilter | null): unknown => JSON.parse(JSON.stringify(value));

async function read(path: string): Promise<Remembered | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw usage(`${path} cannot be read (${error.code}).`, 'Name a file that you may read and write.');
  });
  if (text === null) return null;
  const found = parsed(text);
  if (typeof found?.cursor === 'string' && found.asked !== undefined && found.filter !== undefined) return found;
  throw usage(`${path} is no state of annals tail.`, 'Name another file; or remove this one to begin anew.');
}

function parsed(text: string): Remembered | null {
  try {
    return JSON.parse(text) as Remembered | null;
  } catch {
    return null;
  }
}
