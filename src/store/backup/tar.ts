/** Reads the tar archives that PostgreSQL writes. */
import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { AnnalsError } from '../../errors.ts';

/** A file of an archive as it was written out. */
export interface Extracted {
  readonly size: number;
  /** SHA-256, hexadecimal. */
  readonly checksum: string;
}

const block = 512;
const kinds = { file: 0x30, oldFile: 0, directory: 0x35 } as const;
const damaged = (message: string) => new AnnalsError('BACKUP_INVALID', { message });

/** Gives the bytes of a stream in pieces of a wanted size. */
class Reader {
  private buffered: Buffer = Buffer.alloc(0);
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes. */
  async take(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = bytes; missing > 0; ) {
      const part = await this.some(missing);
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** Reads the rest and drops it. */
  async drain(): Promise<void> {
    while (!(await this.chunks.next()).done);
  }

  /** At least one byte, at most so many. */
  async some(most: number): Promise<Buffer> {
    while (this.buffered.length === 0) {
      const next = await this.chunks.next();
      if (next.done) throw damaged('The archive ends in the middle.');
      this.buffered = next.value;
    }
    const part = this.buffered.subarray(0, most);
    this.buffered = this.buffered.subarray(part.length);
    return part;
  }
}

const text = (header: Buffer, from: number, length: number): string =>
  header
    .subarray(from, from + length)
    .toString('utf8')
    .replace(/\0.*$/s, '');

function sumIsRight(header: Buffer): boolean {
  let sum = 0;
  // The field of the sum itself counts as blanks.
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  return sum === Number.parseInt(text(header, 148, 8), 8);
}

/** A path inside the archive; never one that leads out of it. */
function pathOf(header: Buffer): string {
  const prefix = text(header, 345, 155);
  const name = normalize(prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
  if (name.startsWith('/') || name.split('/').includes('..')) throw damaged(`The archive names ${name}.`);
  return name.replace(/\/$/, '');
}

/** Writes everything into an empty directory, each file flushed to disk. The files by their path. */
export async function extract(source: AsyncIterable<Buffer>, into: string): Promise<Map<string, Extracted>> {
  const reader = new Reader(source);
  const files = new Map<string, Extracted>();
  for (;;) {
    const header = await reader.take(block);
    if (header.every((byte) => byte === 0)) {
      await reader.drain();
      return files;
    }
    if (!sumIsRight(header)) throw damaged('The archive is damaged: a header does not fit its sum.');
    const path = pathOf(header);
    const size = Number.parseInt(text(header, 124, 12) || '0', 8);
    const kind = header[156];
    if (kind === kinds.directory) await mkdir(join(into, path), { recursive: true, mode: 0o700 });
    else if (kind === kinds.file || kind === kinds.oldFile)
      files.set(path, await writeFile(reader, join(into, path), size));
    else throw damaged(`${path} is neither a file nor a directory: tablespaces are not supported.`);
    if (size % block !== 0) await reader.take(block - (size % block));
  }
}

async function writeFile(reader: Reader, path: string, size: number): Promise<Extracted> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  for (let missing = size; missing > 0; ) {
    const part = await reader.some(missing);
    hash.update(part);
    await file.writeFile(part);
    missing -= part.length;
  }
  await file.sync();
  return { size, checksum: hash.digest('hex') };
}
