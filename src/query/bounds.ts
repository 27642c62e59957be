/** What a filter may be: how large, how deep, and of which fields. Checked before anything in it is looked up. */
import { AnnalsError } from '../errors.ts';
import type { HideableField } from '../model/role.ts';
import type { LogFilter } from './filter.ts';

export interface FilterLimits {
  /** Most conditions. */
  readonly filterNodes: number;
  /** Most values in all lists together. */
  readonly filterValues: number;
  /** Deepest nesting of `and`, `or` and `not`. */
  readonly filterDepth: number;
}

/** A filter object inside a filter, or the whole. */
export interface FilterPart {
  readonly filter: LogFilter;
  /** Where it stands, such as `filter.and[1].not`. */
  readonly path: string;
}

/** The conditions of one filter object, without those inside others; null ones say nothing. */
const stated = ({ and: _and, or: _or, not: _not, ...conditions }: LogFilter) =>
  Object.entries(conditions).filter(([, condition]) => condition !== null && condition !== undefined);

const tooLarge = (path: string, message: string) => new AnnalsError('QUERY_TOO_LARGE', { path, message });

/** How many values stand in the lists of a condition, and of the conditions inside it. */
function countValues(condition: unknown): number {
  if (Array.isArray(condition)) {
    return condition.reduce<number>((sum, one) => sum + (typeof one === 'object' && one ? countValues(one) : 1), 0);
  }
  if (typeof condition !== 'object' || condition === null) return 0;
  return Object.values(condition).reduce<number>((sum, one) => sum + countValues(one), 0);
}

/**
 * Every filter object inside, the whole first. Errors: QUERY_TOO_LARGE where it is nested too deep, or has too many
 * conditions or values.
 */
export function partsOf(root: LogFilter, limits: FilterLimits): FilterPart[] {
  const parts: FilterPart[] = [];
  let conditions = 0;
  let values = 0;
  const visit = (filter: LogFilter, path: string, depth: number): void => {
    if (depth > limits.filterDepth) {
      throw tooLarge(path, `${path}: the filter is nested more than ${limits.filterDepth} deep.`);
    }
    const own = stated(filter);
    conditions += Math.max(1, own.length);
    if (conditions > limits.filterNodes) {
      throw tooLarge('filter', `The filter has more than ${limits.filterNodes} conditions.`);
    }
    values += own.reduce((sum, [, condition]) => sum + countValues(condition), 0);
    parts.push({ filter, path });
    for (const name of ['and', 'or'] as const) {
      filter[name]?.forEach((part, index) => {
        visit(part, `${path}.${name}[${index}]`, depth + 1);
      });
    }
    if (filter.not) visit(filter.not, `${path}.not`, depth + 1);
  };
  visit(root, 'filter', 0);
  if (values > limits.filterValues) {
    throw tooLarge('filter', `The filter lists ${values} values; at most ${limits.filterValues} are accepted.`);
  }
  return parts;
}

/** The conditions that test a field which a role may be kept from. */
export const hideableConditions: Partial<Record<keyof LogFilter, HideableField>> = {
  component: 'COMPONENT',
  target: 'TARGETS',
  ip: 'IP',
  userAgent: 'USER_AGENT',
  device: 'DEVICE',
  session: 'SESSION',
  request: 'REQUEST',
  location: 'LOCATION',
  changes: 'CHANGES',
  metadata: 'METADATA',
};

/** Errors: FIELD_HIDDEN for a condition on a field that the role is kept from, wherever it stands. */
export function refuseHidden(parts: readonly FilterPart[], hidden: ReadonlySet<HideableField>): void {
  if (hidden.size === 0) return;
  for (const { filter, path } of parts) {
    for (const [name] of stated(filter)) {
      const field = hideableConditions[name as keyof LogFilter];
      if (field === undefined || !hidden.has(field)) continue;
      throw new AnnalsError('FIELD_HIDDEN', {
        path: `${path}.${name}`,
        message: `${path}.${name}: your role may not filter by ${name}.`,
      });
    }
  }
}
