/** Standard output: waits for its reader, ends quietly when the reader has gone, and is safe to look at. */
import { styleText } from 'node:util';
import { AnnalsError } from '../errors.ts';

/** The reader of a pipe has gone, such as `head` that has enough. Not an error: the command ends, with exit status 0. */
export class ReaderGone extends Error {}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

export interface Output {
  /** Resolves when the text is written. Throws ReaderGone; INTERNAL when it cannot be written otherwise, such as to a full disk. */
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
}

export function openOutput(stream: NodeJS.WriteStream): Output {
  // Reported to whoever writes; without a listener it would end the process.
  stream.on('error', () => {});
  return {
    isTerminal: stream.isTTY === true,
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(writeFault(error)) : resolve()));
      }),
  };
}

function writeFault(error: Error): Error {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return new ReaderGone();
  return new AnnalsError('INTERNAL', {
    message: `Standard output cannot be written (${String(code ?? error.message)}).`,
    cure: 'Make room where the output goes, or write it elsewhere.',
    cause: error,
  });
}

/** Adds colour, or does not. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;
export const colourful: Paint = (style, text) => styleText(style, text, { validateStream: false });

// Control characters but those that JSON escapes anyway, line separators, and marks that turn the direction of text.
const unsafe = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const escaped: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const codeOf = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text from an entry, such as a name that somebody chose, on one line and unable to steer the terminal. */
export const printable = (text: string): string => text.replace(unsafe, (one) => escaped[one] ?? codeOf(one));

/** One line of JSON that cannot steer the terminal either. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value).replace(unsafe, codeOf)}\n`;
