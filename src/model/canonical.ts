import type { Json } from './entry.ts';

/**
 * The canonical text of a JSON value: RFC 8785 (JSON Canonicalization Scheme). Members are ordered by their UTF-16 code
 * units, numbers and strings are written as ECMAScript does, which is what the RFC prescribes.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
