/**
 * Random entries and predicates, for property tests. Values come from small pools, so that predicates and entries meet;
 * the pools hold what breaks encodings: quotes, separators, look-alikes, characters outside the basic plane.
 */
import fc from 'fast-check';
import {
  actorTypes,
  type Change,
  type Entry,
  type EntryInput,
  type Json,
  outcomes,
  type Target,
} from '../../src/model/entry.ts';
import { normalizeIp, parseNetwork } from '../../src/model/ip.ts';
import {
  type JsonScalar,
  type Predicate,
  type PredicateField,
  predicateFields,
  presenceFields,
  type RangeField,
} from '../../src/model/predicate.ts';
import { foldText, searchText, textFields } from '../../src/model/text.ts';
import { uuidV7 } from '../../src/model/uuid.ts';
import type { AppendRow } from '../../src/store/store.ts';

/** Texts that are easily confused with each other, or with syntax. */
export const trickyTexts = [
  'web',
  'Web',
  'caf\u00e9',
  'cafe\u0301',
  'NULL',
  '{a,b}',
  '"',
  "it's \\",
  '%_',
  ' ',
  '\u{1f511}',
  '\ufffd',
  '\u200b',
  '\u05e2\u05d1\u05e8',
  "$1'; --",
  'Stra\u00dfe',
  'STRASSE \u0130\u0131',
  '\u03a3\u0391\u03a3 \ufb03',
  'a%_\\b%%',
  '\u5bc6\u7801 \uff21\uff22',
  'a\u001eb\u001fc',
] as const;

/** 1 November 2026, 00:00 UTC; random entries lie within the hundred seconds after it. */
export const firstRecordedAt = Date.UTC(2026, 10, 1);
const spanMs = 100_000;

const tricky = fc.constantFrom(...trickyTexts.slice(0, -1));
/** Well-formed text without U+0000, as validation lets it pass. */
export const plainText = fc
  .oneof(fc.constantFrom(...trickyTexts), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }))
  .filter((text) => text !== '' && !text.includes('\0'));
const identifier = plainText.filter((text) => !text.includes('\u001f'));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 2 });
const number = fc.integer({ min: 1, max: 6 });
const time = fc
  .integer({ min: 0, max: spanMs / 1000 })
  .map((seconds) => firstRecordedAt + seconds * 1000 + (seconds % 7));

export const ipAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '::',
    '::1',
    '::1.2.3.4',
    '::ffff:1.2.3.4',
    '0:0:0:0:0:ffff:1:2',
    '64:ff9b::192.0.2.1',
    '2001:DB8:0:0:1:0:0:1',
  ),
);

const target: fc.Arbitrary<Target> = fc.record({
  type: fc.constantFrom('item', 'link', 'Item', trickyTexts[2], trickyTexts[3]),
  id: maybe(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...trickyTexts.slice(0, 8)) },
      { weight: 1, arbitrary: identifier },
    ),
  ),
  name: maybe(plainText),
});
const change: fc.Arbitrary<Change> = fc.record({ field: plainText, before: maybe(plainText), after: maybe(plainText) });

const jsonString = fc.string({ unit: 'grapheme', maxLength: 10 }).filter((text) => !text.includes('\0'));
/** JSON that PostgreSQL and JavaScript both hold exactly. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    // JSON text has no negative zero: it is written 0.
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    jsonString,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(jsonString, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
export const metadata: fc.Arbitrary<{ [key: string]: Json }> = fc.dictionary(jsonString, json, {
  minKeys: 1,
  maxKeys: 4,
  noNullPrototype: true,
});

/** Keys and values from small pools, for predicates to meet: texts that look like numbers, keys that look like indexes. */
const fewKeys = fc.constantFrom('a', 'A', '0', '-1', '__proto__', 'constructor', '{a}', ...trickyTexts.slice(2, 9));
const fewScalars = fc.constantFrom<JsonScalar>(
  'web',
  'Web',
  '',
  '1',
  'true',
  'null',
  1,
  0,
  -1.5,
  1e21,
  1e-7,
  true,
  false,
);
const fewJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: fc.oneof(fewScalars, fc.constant(null)) },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(fewKeys, tie('value'), { maxKeys: 3, noNullPrototype: true }) },
  ),
})).value;
/** As validation lets it pass: not empty. */
const someMetadata: fc.Arbitrary<{ [key: string]: Json }> = fc.oneof(
  { weight: 1, arbitrary: metadata },
  { weight: 3, arbitrary: fc.dictionary(fewKeys, fewJson, { minKeys: 1, maxKeys: 4, noNullPrototype: true }) },
);

/** Addresses that lie close to each other, and the networks around them. */
const fewAddresses = [
  ...['10.0.0.1', '10.0.0.2', '10.255.0.1', '192.0.2.255', '0.0.0.0', '255.255.255.255'],
  ...['::', '::1', '::1.2.3.4', '::ffff:10.0.0.1', '2001:db8::1', '2001:db8:0:1::', 'ffff::'],
].map(normalizeIp);
const someAddress = fc.oneof(fc.constantFrom(...fewAddresses), ipAddress.map(normalizeIp));
const network = fc
  .tuple(someAddress, fc.nat({ max: 128 }))
  .map(([address, bits]) => {
    const cidr = `${address}/${address.includes(':') ? bits : bits % 33}`;
    const parsed = parseNetwork(cidr);
    return 'problem' in parsed ? parseNetwork(parsed.instead ?? '') : parsed;
  })
  .filter((one) => !('problem' in one));

/** An entry as the log keeps it; `position` and `organization` are 0 until a log assigns them. */
export const entry: fc.Arbitrary<Entry> = fc
  .record({
    organization: fc.constant(0),
    position: fc.constant(0),
    random: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    recordedAt: time,
    occurredAt: time,
    action: number,
    outcome: fc.constantFrom(...outcomes),
    severity: fc.integer({ min: 1, max: 10 }),
    component: maybe(tricky),
    actorType: fc.constantFrom(...actorTypes),
    actor: maybe(number),
    actorName: maybe(plainText),
    actorEmail: maybe(plainText),
    affectedUser: maybe(number),
    affectedUserName: maybe(plainText),
    affectedUserEmail: maybe(plainText),
    directory: maybe(number),
    directoryName: maybe(plainText),
    vault: maybe(number),
    vaultName: maybe(plainText),
    targets: fc.array(target, { maxLength: 3 }),
    ip: maybe(someAddress),
    userAgent: maybe(plainText),
    device: maybe(plainText),
    session: maybe(plainText),
    request: maybe(plainText),
    location: maybe(plainText),
    changes: maybe(fc.array(change, { minLength: 1, maxLength: 2 })),
    metadata: maybe(someMetadata),
  })
  .map(({ random, ...rest }) => ({ ...rest, id: uuidV7(rest.recordedAt, (bytes) => bytes.set(random)) }));

/** What `appendBatch` takes for an entry; `salts` and `digest` are what the test wants stored. */
export function appendRow(from: Entry, salts: Buffer, digest: Buffer): AppendRow {
  const { organization: _organization, position: _position, recordedAt: _recordedAt, targets, changes, ...rest } = from;
  const ids = targets.flatMap((one) => (one.id === null ? [] : [one.id]));
  return {
    ...rest,
    key: null,
    group: null,
    targets: targets.length === 0 ? null : JSON.stringify(targets),
    targetIds: ids.length === 0 ? null : ids.join('\u001f'),
    changes: changes === null ? null : JSON.stringify(changes),
    metadata: rest.metadata === null ? null : JSON.stringify(rest.metadata),
    search: searchText(from),
    salts,
    digest,
  };
}

/** Values for an `in` on each field: mostly such as entries have, some that no entry can have. */
const wrongText = fc.constantFrom<string | number>('absent', '', 'a\0b', '\ud800', 7);
const wrongNumber = fc.constantFrom<string | number>(
  0,
  -1,
  99,
  1.5,
  40_000,
  2 ** 40,
  -(2 ** 31),
  'x',
  Number.POSITIVE_INFINITY,
);
const mostly = (usual: fc.Arbitrary<string | number>, wrong: fc.Arbitrary<string | number>) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: wrong });
const numbers = mostly(number, wrongNumber);
const texts = mostly(tricky, wrongText);
const times = mostly(
  time,
  fc.constantFrom<string | number>(
    firstRecordedAt + 0.5,
    Date.UTC(1, 0, 1) - 1e15,
    8.64e15,
    'x',
    Number.NEGATIVE_INFINITY,
  ),
);
const valuesOf: Record<PredicateField, fc.Arbitrary<string | number>> = {
  action: numbers,
  actor: numbers,
  affectedUser: numbers,
  directory: numbers,
  vault: numbers,
  outcome: mostly(fc.constantFrom(...outcomes), fc.constantFrom<string | number>('success', 0)),
  severity: mostly(fc.integer({ min: 1, max: 10 }), wrongNumber),
  actorType: mostly(fc.constantFrom(...actorTypes), fc.constantFrom<string | number>('member', 0)),
  component: texts,
  userAgent: texts,
  device: texts,
  session: texts,
  request: texts,
  location: texts,
  changedField: texts,
  targetId: texts,
  targetType: mostly(fc.constantFrom('item', 'link', 'Item', trickyTexts[2], trickyTexts[3]), wrongText),
  occurredAt: times,
  recordedAt: times,
};

const farTimes = [
  Date.parse('0000-01-01T00:00:00Z'),
  Date.parse('+010000-01-01T00:00:00Z'),
  Date.parse('+010000-01-01T00:00:00Z') - 0.5,
  Date.parse('0001-01-01T00:00:00Z'),
  -8.64e15,
  8.64e15,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const boundsOf: Record<RangeField, fc.Arbitrary<number>> = {
  severity: fc.oneof(fc.integer({ min: -1, max: 12 }), fc.constantFrom(2.5, 1e9, -1e9, Number.POSITIVE_INFINITY)),
  occurredAt: fc.oneof(
    { weight: 4, arbitrary: time },
    { weight: 1, arbitrary: fc.constantFrom(firstRecordedAt + 7000.5, ...farTimes) },
  ),
  recordedAt: fc.oneof(
    { weight: 4, arbitrary: time },
    { weight: 1, arbitrary: fc.constantFrom(firstRecordedAt + 7000.5, ...farTimes) },
  ),
};

const inLeaf: fc.Arbitrary<Predicate> = fc
  .constantFrom(...predicateFields)
  .chain((field) =>
    fc.array(valuesOf[field], { maxLength: 4 }).map((values) => ({ op: 'in', field, values: new Set(values) })),
  );
const rangeLeaf: fc.Arbitrary<Predicate> = fc
  .constantFrom<RangeField>('severity', 'occurredAt', 'recordedAt')
  .chain((field) =>
    fc.record({
      op: fc.constant('range'),
      field: fc.constant(field),
      gte: maybe(boundsOf[field]),
      lt: maybe(boundsOf[field]),
    }),
  );

const path = fc.array(
  fc.oneof({ weight: 8, arbitrary: fewKeys }, { weight: 1, arbitrary: fc.constantFrom('a\0b', '\ud800', 'no') }),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const jsonValue = fc.oneof(
  { weight: 6, arbitrary: fewScalars },
  { weight: 1, arbitrary: fc.constantFrom<JsonScalar>('a\0b', '\ud800', 2, 1e300) },
);
/** Parts of what entries have, whole texts among them, and what no entry has; folded, as a filter gives them. */
const soughtText = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(plainText, fc.nat({ max: 4 }), fc.integer({ min: 1, max: 8 }))
        .map(([text, from, length]) => text.slice(from, from + length)),
    },
    { weight: 3, arbitrary: plainText },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '%',
        '_',
        '\\',
        'web',
        'WEB',
        'ss',
        'SS',
        'i',
        '10.0',
        '::',
        '1',
        'e21',
        '.5',
        'true',
        'item',
        '\ud83d',
        'a\0b',
        'x'.repeat(300),
        '\u0301',
        '\u7801',
      ),
    },
  )
  .map(foldText)
  .filter((text) => text !== '');
const textLeaf: fc.Arbitrary<Predicate> = fc
  .tuple(soughtText, fc.option(fc.uniqueArray(fc.constantFrom(...textFields), { maxLength: 4 }), { nil: null }))
  .map(([text, fields]) => ({ op: 'text', text, fields: fields === null ? null : new Set(fields) }));
/** The leaves whose random values are met by few entries. */
export const rareLeaves = {
  text: textLeaf,
  network: fc.array(network, { maxLength: 3 }).map(
    (networks): Predicate => ({
      op: 'network',
      networks: networks.flatMap((one) => ('problem' in one ? [] : [one])),
    }),
  ),
  metadataExists: path.map((keys): Predicate => ({ op: 'metadataExists', path: keys })),
  metadataIn: fc
    .tuple(path, fc.array(jsonValue, { maxLength: 4 }))
    .map(([keys, values]): Predicate => ({ op: 'metadataIn', path: keys, values: new Set(values) })),
} as const satisfies Partial<Record<Predicate['op'], fc.Arbitrary<Predicate>>>;
const otherLeaf: fc.Arbitrary<Predicate> = fc.oneof(
  rareLeaves.text,
  fc.constantFrom(...presenceFields).map((field): Predicate => ({ op: 'exists', field })),
  rareLeaves.network,
  rareLeaves.metadataExists,
  rareLeaves.metadataIn,
);

/** Trees of every operator over every field, some five levels deep. */
export const predicate: fc.Arbitrary<Predicate> = fc.letrec<{ tree: Predicate }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { weight: 3, arbitrary: inLeaf },
    { weight: 1, arbitrary: rangeLeaf },
    { weight: 2, arbitrary: otherLeaf },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('not'), of: tie('tree') }) },
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constantFrom('and', 'or'), of: fc.array(tie('tree'), { maxLength: 4 }) }),
    },
  ),
})).tree;

const person = fc.record({ id: maybe(identifier), name: maybe(plainText), email: maybe(plainText) });
const place = fc.record({ id: identifier, name: maybe(plainText) });

/** What a producer may state, all of it valid; `actions` are the keys of the catalogue to draw from. */
export function entryInput(actions: readonly string[]): fc.Arbitrary<EntryInput> {
  return fc.record(
    {
      action: fc.constantFrom(...actions),
      occurredAt: maybe(time.map((milliseconds) => new Date(milliseconds))),
      outcome: maybe(fc.constantFrom(...outcomes)),
      severity: maybe(fc.integer({ min: 1, max: 10 })),
      component: maybe(plainText),
      actor: maybe(
        fc.record({
          type: maybe(fc.constantFrom(...actorTypes)),
          id: maybe(identifier),
          name: maybe(plainText),
          email: maybe(plainText),
        }),
      ),
      affectedUser: maybe(person),
      vault: maybe(place),
      directory: maybe(place),
      targets: maybe(fc.array(target, { maxLength: 3 })),
      ip: maybe(ipAddress),
      userAgent: maybe(plainText),
      device: maybe(plainText),
      session: maybe(plainText),
      request: maybe(plainText),
      location: maybe(plainText),
      changes: maybe(fc.array(change, { maxLength: 3 })),
      metadata: maybe(metadata),
    },
    { requiredKeys: ['action'] },
  );
}
