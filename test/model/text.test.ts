import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideableFields } from '../../src/model/role.ts';
import {
  containsText,
  fieldSeparator,
  foldText,
  gramsOf,
  searchText,
  textFields,
  valueSeparator,
} from '../../src/model/text.ts';
import { entry, plainText } from '../support/entries.ts';

describe('foldText', () => {
  it.each([
    ['Bank Portal', 'bank portal'],
    ['Straße', 'strasse'],
    ['STRASSE', 'strasse'],
    ['STRAẞE', 'strasse'],
    ['ﬃ', 'ffi'],
    ['Ａｂｃ１', 'abc1'],
    ['cafe\u0301', 'caf\u00e9'],
    ['CAFÉ', 'caf\u00e9'],
    ['ΣΑΣ', 'σασ'],
    ['σας', 'σασ'],
    ['İstanbul', 'i\u0307stanbul'],
    // A dotless i is one by way of its upper case.
    ['ı', 'i'],
    ['ŉ', 'ʼn'],
    ['ǰ', 'ǰ'],
    ['ᾳ', 'αι'],
    ['①½', '11⁄2'],
    ['\u00a0', ' '],
    ['a\u001eb\u001fc', 'a b c'],
    ['%_\\', '%_\\'],
    ['', ''],
    ['密码 ＡＢ', '密码 ab'],
    ['\u{1f511}', '\u{1f511}'],
  ])('of %j is %j', (text, expected) => {
    expect(foldText(text)).toBe(expected);
  });

  it('makes equal what differs in case alone, and folds no further what it folded: each character', () => {
    const wrong: string[] = [];
    for (let point = 0; point < 0x110000; point++) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const character = String.fromCodePoint(point);
      const folded = foldText(character);
      const same = [folded, character.toUpperCase(), character.toLowerCase(), character.normalize('NFD')];
      if (same.some((one) => foldText(one) !== folded)) wrong.push(point.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('makes equal what differs in case alone, and folds no further what it folded: texts', () => {
    const property = fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
      const folded = foldText(text);
      expect(foldText(folded)).toBe(folded);
      expect(foldText(text.toUpperCase().toLowerCase())).toBe(folded);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe('searchText', () => {
  it('has a place for everything that a role may be kept from', () => {
    expect([...textFields].sort()).toEqual(['NAMES', ...hideableFields].sort());
  });

  it('holds the texts by field, in an order that never changes', () => {
    const [content] = fc.sample(entry, { numRuns: 1, seed: 1 });
    if (content === undefined) throw new TypeError('no entry');
    const full = {
      ...content,
      actorName: 'Actor',
      actorEmail: 'A@x.example',
      affectedUserName: 'Affected',
      affectedUserEmail: null,
      directoryName: 'Folder',
      vaultName: null,
      targets: [
        { type: 'item', id: 'T1', name: null },
        { type: 'link', id: null, name: 'Link' },
      ],
      ip: '10.0.0.1',
      userAgent: 'Agent',
      device: 'Device',
      session: null,
      request: null,
      location: 'Vienna',
      component: null,
      changes: [{ field: 'Role', before: null, after: 'B' }],
      metadata: { z: 'Last', a: [1.5, true, null, { y: 'In', x: '' }] },
    };
    const fields = [
      ['actor', 'affected', 'folder'],
      ['a@x.example'],
      ['10.0.0.1'],
      ['agent'],
      ['device'],
      [],
      [],
      ['vienna'],
      [],
      ['t1', 'link'],
      ['role', 'b'],
      ['1.5', 'in', 'last'],
    ];
    expect(searchText(full)).toBe(fields.map((values) => values.join(valueSeparator)).join(fieldSeparator));
    expect(searchText({ ...full, metadata: null, changes: null, targets: [] })).toMatch(/vienna$/);
  });

  it('finds each text of an entry in its field, and none across two texts', () => {
    const property = fc.property(entry, plainText, (content, text) => {
      const named = { ...content, actorName: text, component: 'left', device: 'right' };
      expect(containsText(named, foldText(text), new Set(['NAMES']))).toBe(true);
      expect(containsText(named, foldText(text), null)).toBe(true);
      expect(searchText(named)).not.toContain('leftright');
      expect(containsText(named, `${foldText(text)}${valueSeparator}`, null)).toBe(
        searchText(named).includes(foldText(text) + valueSeparator),
      );
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('gramsOf', () => {
  it('has of a text that stands in another nothing that the other lacks', () => {
    const property = fc.property(plainText, plainText, plainText, fc.nat(), (left, text, right, organization) => {
      const whole = new Set(gramsOf([foldText(left) + text + right], organization));
      expect((gramsOf([text], organization) ?? []).filter((gram) => !whole.has(gram))).toEqual([]);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('is null for what is too short, but not for two characters of a dense script', () => {
    expect(gramsOf(['ab', ''], 1)).toBeNull();
    expect(gramsOf(['abc'], 1)).toHaveLength(1);
    expect(gramsOf(['密码'], 1)).toHaveLength(1);
    expect(gramsOf(['abcd', 'bcde'], 1)).toHaveLength(3);
  });

  it('has other numbers in another organization, all of 32 bits', () => {
    const [one, two] = [gramsOf(['administrator'], 1) ?? [], gramsOf(['administrator'], 2) ?? []];
    expect(new Set([...one, ...two]).size).toBe(one.length + two.length);
    expect([...one, ...two].every((gram) => gram === (gram | 0))).toBe(true);
  });
});
