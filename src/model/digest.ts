/**
 * The content digest of an entry and its leaf in the log's Merkle tree. docs/format.md is the specification and carries
 * test vectors; this file implements it byte for byte.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';
import {
  type ActorType,
  actorTypes,
  type Change,
  type Json,
  type Outcome,
  outcomes,
  type Person,
  type Target,
} from './entry.ts';
import { type RandomSource, uuidBytes } from './uuid.ts';

/** What the digest binds, by the product's own ids: the log's numbers mean nothing outside its database. */
export interface DigestContent {
  readonly organizationUid: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly occurredAt: number;
  readonly action: string;
  readonly outcome: Outcome;
  readonly severity: number;
  readonly component: string | null;
  readonly actorType: ActorType;
  readonly actor: Person;
  readonly affectedUser: Person;
  readonly directoryId: string | null;
  readonly directoryName: string | null;
  readonly vaultId: string | null;
  readonly vaultName: string | null;
  readonly targets: readonly Target[];
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly device: string | null;
  readonly session: string | null;
  readonly request: string | null;
  readonly location: string | null;
  readonly changes: readonly Change[] | null;
  readonly metadata: { readonly [key: string]: Json } | null;
}

/** Fields that are erased together share one salt and one commitment; the order is part of the format. */
export const erasureGroups = ['actor', 'affectedUser', 'network', 'names', 'content'] as const;
export type ErasureGroup = (typeof erasureGroups)[number];

export const saltBytes = 16;
const hashBytes = 32;

/** Appends values to a buffer that grows as needed and is used again and again. */
class Writer {
  private buffer = Buffer.allocUnsafe(8192);
  private length = 0;

  start(): this {
    this.length = 0;
    return this;
  }

  /** Keeps what a salt needs free at the front. */
  skip(bytes: number): this {
    this.reserve(bytes);
    this.length += bytes;
    return this;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  byte(value: number): this {
    this.reserve(1);
    this.buffer[this.length++] = value;
    return this;
  }

  count(value: number): this {
    this.reserve(4);
    this.length = this.buffer.writeUInt32BE(value, this.length);
    return this;
  }

  time(milliseconds: number): this {
    this.reserve(8);
    this.length = this.buffer.writeBigInt64BE(BigInt(milliseconds), this.length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
    return this;
  }

  /** Length in bytes (32 bits, big-endian) and UTF-8; absent is 0xFFFFFFFF without bytes. */
  text(value: string | null): this {
    if (value === null) return this.count(0xffff_ffff);
    this.reserve(4 + value.length * 3);
    const written = this.buffer.write(value, this.length + 4, 'utf8');
    this.buffer.writeUInt32BE(written, this.length);
    this.length += 4 + written;
    return this;
  }

  put(value: Uint8Array, at: number): this {
    this.buffer.set(value, at);
    return this;
  }

  sha256(): Buffer {
    // By way of a string: a Buffer made by the hash itself has memory of its own, which costs more than the hash.
    return Buffer.from(hash('sha256', this.buffer.subarray(0, this.length), 'binary'), 'binary');
  }
}

const present = (...values: readonly unknown[]) => values.some((value) => value !== null);

/** Writes a group's fields; false (and nothing written) when all are absent. */
const groupWriters: Record<ErasureGroup, (writer: Writer, content: DigestContent) => boolean> = {
  actor: (writer, { actor }) => writePerson(writer, actor),
  affectedUser: (writer, { affectedUser }) => writePerson(writer, affectedUser),
  network: (writer, { ip, userAgent, device, session, location }) => {
    if (!present(ip, userAgent, device, session, location)) return false;
    writer.text(ip).text(userAgent).text(device).text(session).text(location);
    return true;
  },
  names: (writer, { directoryName, vaultName, targets }) => {
    if (!present(directoryName, vaultName) && targets.length === 0) return false;
    writer.text(directoryName).text(vaultName).count(targets.length);
    for (const target of targets) writer.text(target.name);
    return true;
  },
  content: (writer, { changes, metadata }) => {
    const list = changes ?? [];
    if (list.length === 0 && metadata === null) return false;
    writer.count(list.length);
    for (const change of list) writer.text(change.field).text(change.before).text(change.after);
    writer.text(metadata === null ? null : canonicalJson(metadata));
    return true;
  },
};

function writePerson(writer: Writer, person: Person): boolean {
  if (!present(person.id, person.name, person.email)) return false;
  writer.text(person.id).text(person.name).text(person.email);
  return true;
}

const absent = Buffer.alloc(hashBytes);

/** A fresh salt for each group, in the order of `erasureGroups`. */
export function drawSalts(random: RandomSource): Buffer {
  const salts = Buffer.allocUnsafe(saltBytes * erasureGroups.length);
  random(salts);
  return salts;
}

/** Computes digests; keeps one buffer, so an instance is not for two at once (its calls are synchronous). */
export class Digester {
  private readonly writer = new Writer();
  /** The newest organization’s id and its bytes: most calls come for the same one. */
  private organization: { readonly uid: string; readonly bytes: Buffer } = { uid: '', bytes: Buffer.alloc(0) };

  /** SHA-256 over salt and fields of one group; 32 zero bytes when every field of the group is absent. */
  commitment(group: ErasureGroup, content: DigestContent, salts: Uint8Array): Buffer {
    const writer = this.writer.start().skip(saltBytes);
    if (!groupWriters[group](writer, content)) return absent;
    const from = erasureGroups.indexOf(group) * saltBytes;
    return writer.put(salts.subarray(from, from + saltBytes), 0).sha256();
  }

  /**
   * SHA-256 over the fields that are never erased and the groups' commitments. `known` replaces commitments whose values
   * are erased.
   */
  digest(content: DigestContent, salts: Uint8Array, known: Partial<Record<ErasureGroup, Uint8Array>> = {}): Buffer {
    const commitments = erasureGroups.map((group) => known[group] ?? this.commitment(group, content, salts));
    const writer = this.writer.start();
    writer.text('annals entry 1').bytes(this.organizationBytes(content.organizationUid)).bytes(uuidBytes(content.id));
    writer.time(content.occurredAt).text(content.action).byte(outcomes.indexOf(content.outcome)).byte(content.severity);
    writer.text(content.component).byte(actorTypes.indexOf(content.actorType));
    writer.text(content.directoryId).text(content.vaultId).text(content.request).count(content.targets.length);
    for (const target of content.targets) writer.text(target.type).text(target.id);
    for (const commitment of commitments) writer.bytes(commitment);
    return writer.sha256();
  }

  private organizationBytes(uid: string): Buffer {
    if (this.organization.uid !== uid) this.organization = { uid, bytes: uuidBytes(uid) };
    return this.organization.bytes;
  }
}

/** The leaf hash of RFC 6962, section 2.1, over position, recordedAt (both 64 bits, big-endian) and the content digest. */
export function leafHash(position: number, recordedAt: number, digest: Uint8Array): Buffer {
  const data = Buffer.alloc(1 + 8 + 8 + hashBytes);
  data.writeBigInt64BE(BigInt(position), 1);
  data.writeBigInt64BE(BigInt(recordedAt), 9);
  data.set(digest, 17);
  return hash('sha256', data, 'buffer');
}
