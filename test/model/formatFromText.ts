/** The digest and the leaf a second time, written from docs/format.md alone: nothing here runs what Annals runs. */
import { createHash } from 'node:crypto';
import type { DigestContent } from '../../src/model/digest.ts';
import type { Json } from '../../src/model/entry.ts';

const u32 = (value: number) => Buffer.from(value.toString(16).padStart(8, '0'), 'hex');
const i64 = (value: number) => Buffer.from(BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0'), 'hex');
const uuid = (value: string) => Buffer.from(value.split('-').join(''), 'hex');
export const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const text = (value: string | null) => {
  if (value === null) return Buffer.from('ffffffff', 'hex');
  const bytes = new TextEncoder().encode(value);
  return Buffer.concat([u32(bytes.length), bytes]);
};

/** The text of `metadata`. */
export function canonicalFromText(value: Json): string {
  if (typeof value === 'string' || typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: Json) => canonicalFromText(one)).join()}]`;
  const byCodeUnit = ([a]: [string, Json], [b]: [string, Json]) => (a < b ? -1 : 1);
  const members = Object.entries(value)
    .toSorted(byCodeUnit)
    .map(([key, one]) => `${JSON.stringify(key)}:${canonicalFromText(one)}`);
  return `{${members.join()}}`;
}

/** The five commitments, in order. */
export function commitmentsFromText(content: DigestContent, salts: Buffer): Buffer[] {
  const { actor, affectedUser: affected, targets } = content;
  const changes = content.changes ?? [];
  const metadata = content.metadata === null ? null : canonicalFromText(content.metadata);
  const network = [content.ip, content.userAgent, content.device, content.session, content.location];
  const groups: [empty: boolean, fields: Buffer[]][] = [
    [[actor.id, actor.name, actor.email].every((one) => one === null), [actor.id, actor.name, actor.email].map(text)],
    [
      [affected.id, affected.name, affected.email].every((one) => one === null),
      [affected.id, affected.name, affected.email].map(text),
    ],
    [network.every((one) => one === null), network.map(text)],
    [
      content.directoryName === null && content.vaultName === null && targets.length === 0,
      [
        text(content.directoryName),
        text(content.vaultName),
        u32(targets.length),
        ...targets.map((one) => text(one.name)),
      ],
    ],
    [
      changes.length === 0 && metadata === null,
      [
        u32(changes.length),
        ...changes.flatMap((one) => [text(one.field), text(one.before), text(one.after)]),
        text(metadata),
      ],
    ],
  ];
  return groups.map(([empty, fields], index) =>
    empty ? Buffer.alloc(32) : sha256(salts.subarray(index * 16, index * 16 + 16), ...fields),
  );
}

/** What the digest hashes. */
export function preimageFromText(content: DigestContent, salts: Buffer): Buffer {
  return Buffer.concat([
    text('annals entry 1'),
    uuid(content.organizationUid),
    uuid(content.id),
    i64(content.occurredAt),
    text(content.action),
    Buffer.of(['SUCCESS', 'FAILURE', 'DENIED', 'UNKNOWN'].indexOf(content.outcome), content.severity),
    text(content.component),
    Buffer.of(['MEMBER', 'SYSTEM', 'TOKEN', 'ANONYMOUS'].indexOf(content.actorType)),
    text(content.directoryId),
    text(content.vaultId),
    text(content.request),
    u32(content.targets.length),
    ...content.targets.flatMap((one) => [text(one.type), text(one.id)]),
    ...commitmentsFromText(content, salts),
  ]);
}

export const leafFromText = (position: number, recordedAt: number, digest: Buffer) =>
  sha256(Buffer.of(0), i64(position), i64(recordedAt), digest);
