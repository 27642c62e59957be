import { type ConstValueNode, GraphQLError, Kind } from 'graphql';
import type { Json } from '../model/entry.ts';
import { formatTime } from '../model/time.ts';
import { builder } from './builder.ts';

const fail = (message: string, node?: ConstValueNode): never => {
  throw new GraphQLError(message, node === undefined ? {} : { nodes: node });
};

function bigIntFrom(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,100}$/.test(value)) return BigInt(value);
  return fail('BigInt must be a whole number, written as a decimal string such as "42".');
}

builder.scalarType('BigInt', {
  description:
    'A whole number of up to 100 digits, written as a decimal string such as `"42"`, so that no client rounds it. As input a number is accepted too.',
  coerceOutputValue: (value) => bigIntFrom(value).toString(),
  coerceInputValue: bigIntFrom,
  coerceInputLiteral: (node) =>
    node.kind === Kind.INT || node.kind === Kind.STRING
      ? bigIntFrom(node.value)
      : fail('BigInt must be a whole number or a decimal string.', node),
});

builder.scalarType('DateTime', {
  description:
    'A moment, in the form of RFC 3339. Output is UTC with milliseconds: `2026-01-31T09:30:00.000Z`. Input may have any zone, such as `2026-01-31T10:30:00+01:00`, but must have one.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  coerceOutputValue: formatTime,
  // Whether the text is a moment is judged by the domain: in `recordLogs` a bad one is an error on its own row.
  coerceInputValue: (value) => (typeof value === 'string' ? value : fail('DateTime must be a string.')),
  coerceInputLiteral: (node) => (node.kind === Kind.STRING ? node.value : fail('DateTime must be a string.', node)),
});

/** Members are defined, never assigned: a member called `__proto__` is one like any other. */
function jsonFromLiteral(node: ConstValueNode): Json {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.ENUM:
      return fail(`JSON has no bare word ${node.value}; write it as a string.`, node);
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map(jsonFromLiteral);
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, jsonFromLiteral(field.value)]));
    case Kind.NULL:
      return null;
    default:
      return fail('A variable cannot stand inside a JSON literal; pass the whole value as one variable.', node);
  }
}

builder.scalarType('JSON', {
  description: 'Any JSON value: an object, a list, a string, a number, true, false or null.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  coerceOutputValue: (value) => value,
  // A variable was parsed as JSON together with the request.
  coerceInputValue: (value) => value as Json,
  coerceInputLiteral: jsonFromLiteral,
});
