import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DigestContent,
  Digester,
  drawSalts,
  type ErasureGroup,
  erasureGroups,
  leafHash,
} from '../../src/model/digest.ts';
import { actorTypes, type EntryInput, outcomes } from '../../src/model/entry.ts';
import { entry, plainText } from '../support/entries.ts';
import { canonicalFromText, commitmentsFromText, leafFromText, preimageFromText, sha256 } from './formatFromText.ts';

/** An entry as docs/format.md writes it: EntryInput with every default stated, and its two ids. */
interface WrittenEntry extends EntryInput {
  readonly organization: string;
  readonly id: string;
}
interface Vector {
  readonly name: string;
  readonly salts: string;
  readonly position: number;
  readonly recordedAt: number;
  readonly entry: Omit<WrittenEntry, 'occurredAt'> & { readonly occurredAt: number };
  readonly canonicalMetadata?: string;
  readonly commitments: Record<ErasureGroup, string>;
  readonly preimage?: string;
  readonly digest: string;
  readonly leaf: string;
}

const page = await readFile('docs/format.md', 'utf8');
const vectors: Vector[] = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].flatMap((block) =>
  JSON.parse(block[1] ?? ''),
);

function contentOf(from: Vector['entry']): DigestContent {
  const person = (one: EntryInput['affectedUser']) => ({
    id: one?.id ?? null,
    name: one?.name ?? null,
    email: one?.email ?? null,
  });
  return {
    organizationUid: from.organization,
    id: from.id,
    occurredAt: from.occurredAt,
    action: from.action,
    outcome: from.outcome ?? 'UNKNOWN',
    severity: from.severity ?? 0,
    component: from.component ?? null,
    actorType: from.actor?.type ?? 'ANONYMOUS',
    actor: person(from.actor),
    affectedUser: person(from.affectedUser),
    directoryId: from.directory?.id ?? null,
    directoryName: from.directory?.name ?? null,
    vaultId: from.vault?.id ?? null,
    vaultName: from.vault?.name ?? null,
    targets: (from.targets ?? []).map((one) => ({ type: one.type, id: one.id ?? null, name: one.name ?? null })),
    ip: from.ip ?? null,
    userAgent: from.userAgent ?? null,
    device: from.device ?? null,
    session: from.session ?? null,
    request: from.request ?? null,
    location: from.location ?? null,
    changes:
      from.changes?.map((one) => ({ field: one.field, before: one.before ?? null, after: one.after ?? null })) ?? null,
    metadata: from.metadata ?? null,
  };
}

const maybeText = fc.option(plainText);
const person = fc.record({ id: maybeText, name: maybeText, email: maybeText });
/** The generated entry with the ids of a product in place of the log’s numbers. */
const content: fc.Arbitrary<DigestContent> = fc
  .record({
    entry,
    organizationUid: fc.uuid(),
    action: plainText,
    actor: person,
    affectedUser: person,
    directoryId: maybeText,
    vaultId: maybeText,
  })
  .map(({ entry: fields, ...ids }) => ({ ...fields, ...ids }));
const salts = fc.uint8Array({ minLength: 80, maxLength: 80 }).map((bytes) => Buffer.from(bytes));
const digester = new Digester();

describe('the vectors of docs/format.md', () => {
  it('are a full, a minimal and an edge case', () => {
    expect(vectors.map((vector) => vector.name)).toEqual(['full', 'minimal', 'edges']);
  });

  it.each(vectors)('$name', (vector) => {
    const [written, salt] = [contentOf(vector.entry), Buffer.from(vector.salts, 'hex')];
    const commitments = erasureGroups.map((group) => [
      group,
      digester.commitment(group, written, salt).toString('hex'),
    ]);
    expect(Object.fromEntries(commitments)).toEqual(vector.commitments);
    const digest = digester.digest(written, salt);
    expect(digest.toString('hex')).toBe(vector.digest);
    expect(leafHash(vector.position, vector.recordedAt, digest).toString('hex')).toBe(vector.leaf);
  });

  it.each(vectors)('$name, from the text alone', (vector) => {
    const [written, salt] = [contentOf(vector.entry), Buffer.from(vector.salts, 'hex')];
    expect(commitmentsFromText(written, salt).map((one) => one.toString('hex'))).toEqual(
      Object.values(vector.commitments),
    );
    const preimage = preimageFromText(written, salt);
    if (vector.preimage !== undefined) expect(preimage.toString('hex')).toBe(vector.preimage);
    if (vector.canonicalMetadata !== undefined)
      expect(canonicalFromText(written.metadata)).toBe(vector.canonicalMetadata);
    const digest = sha256(preimage);
    expect(digest.toString('hex')).toBe(vector.digest);
    expect(leafFromText(vector.position, vector.recordedAt, digest).toString('hex')).toBe(vector.leaf);
  });

  it('name every outcome and actor type with the number it is hashed as', () => {
    for (const [index, name] of outcomes.entries()) expect(page).toMatch(new RegExp(`outcome.*\\b${index} ${name}\\b`));
    for (const [index, name] of actorTypes.entries())
      expect(page).toMatch(new RegExp(`actor\\.type.*\\b${index} ${name}\\b`));
    for (const [index, name] of erasureGroups.entries()) expect(page).toContain(`| ${index} | \`${name}\` |`);
  });
});

describe('the digest', () => {
  it('is what the text says for any entry, and so is the leaf', () => {
    const place = fc.record({ position: fc.maxSafeNat(), recordedAt: fc.maxSafeNat() });
    const property = fc.property(content, salts, place, (one, salt, { position, recordedAt }) => {
      const digest = digester.digest(one, salt);
      expect(digest.toString('hex')).toBe(sha256(preimageFromText(one, salt)).toString('hex'));
      expect(leafHash(position, recordedAt, digest)).toEqual(leafFromText(position, recordedAt, digest));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('grows its buffer for an entry of any size, and starts afresh after it', () => {
    const large: DigestContent = {
      ...contentOf(vectors[0]?.entry ?? fail()),
      metadata: { text: '\u{1f511}'.repeat(40_000) },
    };
    const salt = Buffer.alloc(80, 9);
    for (const one of [large, { ...large, metadata: null }, large]) {
      expect(new Digester().digest(one, salt)).toEqual(sha256(preimageFromText(one, salt)));
      expect(digester.digest(one, salt)).toEqual(sha256(preimageFromText(one, salt)));
    }
  });

  it('stays the same when a group’s values and salt are erased and its commitment is kept', () => {
    const erased: Record<ErasureGroup, (one: DigestContent) => Partial<DigestContent>> = {
      actor: () => ({ actor: { id: null, name: null, email: null } }),
      affectedUser: () => ({ affectedUser: { id: null, name: null, email: null } }),
      network: () => ({ ip: null, userAgent: null, device: null, session: null, location: null }),
      names: ({ targets }) => ({
        directoryName: null,
        vaultName: null,
        targets: targets.map((target) => ({ ...target, name: null })),
      }),
      content: () => ({ changes: null, metadata: null }),
    };
    const property = fc.property(content, salts, fc.constantFrom(...erasureGroups), (one, salt, group) => {
      const known = { [group]: digester.commitment(group, one, salt) };
      const rest = Buffer.from(salt);
      rest.fill(0, erasureGroups.indexOf(group) * 16, erasureGroups.indexOf(group) * 16 + 16);
      expect(digester.digest({ ...one, ...erased[group](one) }, rest, known)).toEqual(digester.digest(one, salt));
    });
    fc.assert(property);
  });

  const full = contentOf(vectors[0]?.entry ?? fail());
  const changedBy: Partial<Record<keyof DigestContent, readonly unknown[]>> = {
    organizationUid: ['019cf3a0-1111-7222-8333-444455556667'],
    id: ['019d0aa6-05fb-7abc-9def-0123456789aa'],
    outcome: outcomes.filter((one) => one !== full.outcome),
    actorType: actorTypes.filter((one) => one !== full.actorType),
  };
  it.each(Object.keys(full) as (keyof DigestContent)[])('differs when a part of %s does', (field) => {
    const digest = digester.digest(full, Buffer.alloc(80, 1));
    const others = changedBy[field] ?? [...variants(full[field])];
    expect(others.length).toBeGreaterThan(0);
    for (const other of others) {
      expect(digester.digest({ ...full, [field]: other }, Buffer.alloc(80, 1)), JSON.stringify(other)).not.toEqual(
        digest,
      );
    }
  });

  it('hashes the same values otherwise under another salt', () => {
    const one = contentOf(vectors[0]?.entry ?? fail());
    for (const group of erasureGroups) {
      const bytes = Buffer.alloc(80);
      bytes[erasureGroups.indexOf(group) * 16 + 15] = 1;
      for (const other of erasureGroups) {
        const equal = digester.commitment(other, one, bytes).equals(digester.commitment(other, one, Buffer.alloc(80)));
        expect(equal).toBe(other !== group);
      }
    }
  });

  it('takes a list without changes as no changes', () => {
    const one = contentOf(vectors[1]?.entry ?? fail());
    expect(digester.digest({ ...one, changes: [] }, Buffer.alloc(80, 1))).toEqual(
      digester.digest(one, Buffer.alloc(80, 1)),
    );
  });

  it('draws 80 bytes of salt from the given source', () => {
    const drawn = drawSalts((bytes) => bytes.set(Array.from(bytes, (_, index) => index)));
    expect([...drawn]).toEqual(Array.from({ length: 80 }, (_, index) => index));
  });
});

function fail(): never {
  throw new Error('docs/format.md has no such vector');
}

/** The value with one thing in it changed, in every way. */
function* variants(value: unknown): Generator<unknown> {
  if (typeof value === 'string') yield* [`${value}x`, value.slice(1), `${value}\u0301`];
  else if (typeof value === 'number') yield* [value + 1, value - 1];
  else if (typeof value === 'boolean') yield !value;
  else if (value === null) yield 'null';
  else if (Array.isArray(value)) {
    yield value.toReversed();
    for (const [index, one] of value.entries()) {
      yield value.toSpliced(index, 1);
      for (const other of variants(one)) yield value.with(index, other);
    }
  } else if (typeof value === 'object') {
    for (const [key, one] of Object.entries(value)) for (const other of variants(one)) yield { ...value, [key]: other };
  }
}
