import { Buffer, isUtf8 } from 'node:buffer';

/** A line longer than this is refused; its bytes are counted, never held. */
export const lineLimit = 256 * 1024;

/** One non-blank line of the input. */
export interface Line {
  /** Counted from 1; blank lines count too. */
  readonly line: number;
  /** Bytes read since the line before, terminators and skipped blank lines included. */
  readonly bytes: number;
  /** Without its line end; null where the line is longer than the limit. */
  readonly content: Buffer | null;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

function isBlank(content: Buffer): boolean {
  for (const byte of content) {
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  }
  return true;
}

/** Cuts chunks of any size into lines at LF or CRLF; the last line needs no line end. Holds at most `limit` bytes. */
export class LineSplitter {
  readonly #limit: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #tooLong = false;
  #line = 0;
  #bytes = 0;

  constructor(limit: number = lineLimit) {
    this.#limit = limit;
  }

  /** The lines that this chunk completes. */
  *push(chunk: Uint8Array): Generator<Line> {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = buffer.indexOf(lineFeed); end >= 0; end = buffer.indexOf(lineFeed, start)) {
      this.#hold(buffer.subarray(start, end));
      this.#bytes += 1;
      start = end + 1;
      const line = this.#complete();
      if (line !== null) yield line;
    }
    // What stays over outlives the chunk, whose memory the caller may reuse: it is copied.
    if (start < buffer.length) this.#hold(Buffer.from(buffer.subarray(start)));
  }

  /** The last line, where the input does not end with a line end. */
  *end(): Generator<Line> {
    if (this.#heldBytes === 0 && !this.#tooLong) return;
    const line = this.#complete();
    if (line !== null) yield line;
  }

  #hold(part: Buffer): void {
    this.#bytes += part.length;
    // One byte of grace: the CR of a CRLF is no content.
    if (this.#tooLong || this.#heldBytes + part.length > this.#limit + 1) {
      this.#tooLong = true;
      this.#held = [];
      this.#heldBytes = 0;
      return;
    }
    if (part.length > 0) this.#held.push(part);
    this.#heldBytes += part.length;
  }

  #complete(): Line | null {
    const first = this.#held[0];
    let content = first !== undefined && this.#held.length === 1 ? first : Buffer.concat(this.#held);
    const overran = this.#tooLong;
    this.#held = [];
    this.#heldBytes = 0;
    this.#tooLong = false;
    this.#line += 1;
    if (content.at(-1) === carriageReturn) content = content.subarray(0, -1);
    if (this.#line === 1 && content.subarray(0, 3).equals(byteOrderMark)) content = content.subarray(3);
    const tooLong = overran || content.length > this.#limit;
    if (!tooLong && isBlank(content)) return null;
    const bytes = this.#bytes;
    this.#bytes = 0;
    return { line: this.#line, bytes, content: tooLong ? null : content };
  }
}

/** The text of a line; `notes` says what had to be changed to make it text that the log can hold. */
export function decodeLine(content: Buffer): { readonly text: string; readonly notes: readonly string[] } {
  const notes: string[] = [];
  let text = content.toString('utf8');
  if (!isUtf8(content)) notes.push('bytes that are not UTF-8 were replaced by U+FFFD');
  if (text.includes('\0')) {
    text = text.replaceAll('\0', '');
    notes.push('NUL bytes were left out');
  }
  return { text, notes };
}
