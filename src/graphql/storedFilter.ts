/** Filters that were stored, read with the filter language of today. */
import { coerceInputValue, type GraphQLInputType, isInputType, validateInputValue } from 'graphql';
import { AnnalsError } from '../errors.ts';
import type { Json } from '../model/entry.ts';
import type { LogFilter } from '../query/query.ts';
import { bareFilter } from './bareFilter.ts';
import { schema } from './schema.ts';

/** `filter.and[1].actor.in[0]`. */
const placeOf = (path: readonly (string | number)[]): string =>
  `filter${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`;

function filterType(): GraphQLInputType {
  const type = schema.getType('LogFilter');
  if (isInputType(type)) return type;
  throw new TypeError('The schema has no LogFilter.');
}

/**
 * The filter as `logs` would take it from a client: with the product’s own ids. Throws BAD_INPUT with the place of the first
 * thing in it that the language does not have.
 */
export function readStoredFilter(stated: Json): LogFilter {
  const type = filterType();
  validateInputValue(stated, type, (error, path) => {
    const place = placeOf(path);
    throw new AnnalsError('BAD_INPUT', { path: place, message: `${place}: ${error.message}` });
  });
  const filter = coerceInputValue(stated, type) as LogFilter | null | undefined;
  return bareFilter(filter) ?? {};
}
