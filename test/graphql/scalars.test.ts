import fc from 'fast-check';
import { type GraphQLScalarType, isScalarType, parseConstValue } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';

function scalar(name: string): GraphQLScalarType {
  const type = schema.getType(name);
  if (!isScalarType(type)) throw new TypeError(`${name} is no scalar`);
  return type;
}

function fromLiteral(name: string, text: string): unknown {
  const { coerceInputLiteral } = scalar(name);
  if (coerceInputLiteral === undefined) throw new TypeError(`${name} takes no literals`);
  return coerceInputLiteral(parseConstValue(text));
}

test('BigInt is written as decimal digits and read from digits or whole numbers', () => {
  const type = scalar('BigInt');
  expect(type.coerceOutputValue(42)).toBe('42');
  expect(type.coerceOutputValue(2n ** 70n)).toBe('1180591620717411303424');
  const range = { min: -(2n ** 256n), max: 2n ** 256n };
  fc.assert(fc.property(fc.bigInt(range), (value) => type.coerceInputValue(type.coerceOutputValue(value)) === value));
  expect(type.coerceInputValue(7)).toBe(7n);
  expect(fromLiteral('BigInt', '9007199254740993')).toBe(9007199254740993n);
  expect(fromLiteral('BigInt', '"9007199254740993"')).toBe(9007199254740993n);
  for (const value of [1.5, 2 ** 53, '', ' 1', '0x10', '1e3', true, null, {}]) {
    expect(() => type.coerceInputValue(value)).toThrow('whole number');
  }
  expect(() => fromLiteral('BigInt', 'true')).toThrow('whole number');
});

test('DateTime is written as RFC 3339 in UTC with milliseconds', () => {
  const type = scalar('DateTime');
  expect(type.coerceOutputValue(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(type.coerceOutputValue(Date.UTC(2026, 0, 31, 9, 30, 0, 7))).toBe('2026-01-31T09:30:00.007Z');
});

test('DateTime takes any text as it is, and nothing but text', () => {
  const type = scalar('DateTime');
  for (const text of ['2026-01-31T10:30:00+01:00', 'yesterday', '']) {
    expect(type.coerceInputValue(text)).toBe(text);
    expect(fromLiteral('DateTime', JSON.stringify(text))).toBe(text);
  }
  for (const value of [0, null, {}, true]) expect(() => type.coerceInputValue(value)).toThrow('string');
  expect(() => fromLiteral('DateTime', '0')).toThrow('string');
});

test('JSON is the same as a variable and as a literal', () => {
  const type = scalar('JSON');
  const value = { a: [1, -2.5e3, 'x', true, null, { b: {} }], __proto: 'p', constructor: 1 };
  expect(type.coerceInputValue(value)).toBe(value);
  expect(type.coerceOutputValue(value)).toBe(value);
  expect(fromLiteral('JSON', '{a: [1, -2.5e3, "x", true, null, {b: {}}], __proto: "p", constructor: 1}')).toEqual(
    value,
  );
});

test('a JSON member called __proto__ is a member and no prototype', () => {
  const value: unknown = fromLiteral('JSON', '{__proto__: {admin: true}, a: 1}');
  expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"a":1}');
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(value).not.toHaveProperty('admin');
});

test('a JSON literal has no bare words', () => {
  expect(() => fromLiteral('JSON', '{a: RED}')).toThrow('write it as a string');
});
