/** The filter language to the predicate: keys and ids resolve, times parse, limits hold; each mistake says where it stands. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import { canonicalJson } from '../model/canonical.ts';
import { type Json, outcomes } from '../model/entry.ts';
import { normalize, type Predicate, type PredicateField, type RangeField } from '../model/predicate.ts';
import type { HideableField } from '../model/role.ts';
import { parseTimestamp } from '../model/time.ts';
import type { LogFilter, RangeCondition, SetCondition } from './filter.ts';

export interface FilterLimits {
  readonly filterNodes: number;
  readonly filterValues: number;
}

/** What ids and keys stand for in the log. */
export interface Resolver {
  /** Fields that the reader is kept from: a condition on one is refused, whatever the data. */
  readonly hiddenFields: ReadonlySet<HideableField>;
  readonly catalogue: Catalogue;
  readonly actionNumber: (key: string) => number | undefined;
  /** Numbers of the product’s ids; unknown ids have none. An id may belong to actors of several types. */
  readonly actors: (ids: readonly string[]) => Promise<ReadonlyMap<string, readonly number[]>>;
  readonly directories: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly under: (directories: readonly number[]) => Promise<ReadonlySet<number>>;
}

type Numbers = ReadonlyMap<string, readonly number[]>;

interface Resolved {
  readonly actors: Numbers;
  readonly directories: ReadonlyMap<string, number>;
  /** By root. */
  readonly under: ReadonlyMap<string, ReadonlySet<number>>;
}

function bad(path: string, message: string, cure?: string): AnnalsError {
  return new AnnalsError('BAD_INPUT', {
    path,
    message: `${path}: ${message}`,
    ...(cure === undefined ? {} : { cure }),
  });
}

/** The filter’s identity inside cursors: equal for filters that say the same in the same way; '' for no filter. */
export function filterIdentity(filter: LogFilter | null | undefined): string {
  const clean = dropNulls(filter ?? {});
  const text = canonicalJson(clean);
  return text === '{}' ? '' : text;
}

function dropNulls(value: unknown): Json {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, part]) => part !== null && part !== undefined);
    return Object.fromEntries(members.map(([key, part]) => [key, dropNulls(part)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Every filter object inside, itself first; stops with QUERY_TOO_LARGE past the limit. */
function* walk(filter: LogFilter, budget: { left: number; readonly most: number }): Generator<LogFilter> {
  if (--budget.left < 0) {
    throw new AnnalsError('QUERY_TOO_LARGE', {
      message: `The filter has more than ${budget.most} conditions.`,
      path: 'filter',
    });
  }
  yield filter;
  for (const part of [...(filter.and ?? []), ...(filter.or ?? []), ...(filter.not ? [filter.not] : [])])
    yield* walk(part, budget);
}

const values = <T>(condition: SetCondition<T> | null | undefined): T[] => [
  ...(condition?.in ?? []),
  ...(condition?.notIn ?? []),
];

/** How many values stand in the lists of a condition, and of the conditions inside it. */
const countValues = (condition: unknown): number =>
  Object.values(condition ?? {})
    .map((part) => (Array.isArray(part) ? part.length : typeof part === 'object' ? countValues(part) : 0))
    .reduce((sum, count) => sum + count, 0);

function checkLimits(filters: readonly LogFilter[], limits: FilterLimits): void {
  const count = filters
    .map(({ and: _and, or: _or, not: _not, ...conditions }) => countValues(Object.values(conditions)))
    .reduce((sum, one) => sum + one, 0);
  if (count <= limits.filterValues) return;
  throw new AnnalsError('QUERY_TOO_LARGE', {
    message: `The filter lists ${count} values; at most ${limits.filterValues} are accepted.`,
    path: 'filter',
  });
}

/** The conditions that test a field which a role may be kept from. */
const hideableConditions: Partial<Record<keyof LogFilter, HideableField>> = {
  component: 'COMPONENT',
  target: 'TARGETS',
};

function checkHidden(filters: readonly LogFilter[], hidden: ReadonlySet<HideableField>): void {
  if (hidden.size === 0) return;
  for (const filter of filters) {
    for (const name of Object.keys(filter) as (keyof LogFilter)[]) {
      const field = hideableConditions[name];
      if (field === undefined || !hidden.has(field) || (filter[name] ?? null) === null) continue;
      throw new AnnalsError('FIELD_HIDDEN', {
        path: `filter.${name}`,
        message: `Your role may not filter by ${name}.`,
      });
    }
  }
}

async function resolveNames(filters: readonly LogFilter[], resolver: Resolver): Promise<Resolved> {
  const actorIds = new Set(filters.flatMap((filter) => [...values(filter.actor), ...values(filter.affectedUser)]));
  const roots = new Set(filters.flatMap((filter) => filter.directory?.under ?? []));
  const directoryIds = new Set([...filters.flatMap((filter) => values(filter.directory)), ...roots]);
  const [actors, directories] = await Promise.all([
    actorIds.size === 0 ? new Map<string, number[]>() : resolver.actors([...actorIds]),
    directoryIds.size === 0 ? new Map<string, number>() : resolver.directories([...directoryIds]),
  ]);
  const under = new Map<string, ReadonlySet<number>>();
  for (const root of roots) {
    const number = directories.get(root);
    under.set(root, number === undefined ? new Set() : await resolver.under([number]));
  }
  return { actors, directories, under };
}

/** `in` and `notIn` over values that each stand for some stored values. */
function setPredicates<T extends string | number>(
  field: PredicateField,
  condition: SetCondition<T> | null | undefined,
  stored: (value: T, path: string) => Iterable<string | number>,
  path: string,
): Predicate[] {
  const parts: Predicate[] = [];
  const setOf = (list: readonly T[], name: string): ReadonlySet<string | number> =>
    new Set(list.flatMap((value) => [...stored(value, `${path}.${name}`)]));
  if (condition?.in) parts.push({ op: 'in', field, values: setOf(condition.in, 'in') });
  if (condition?.notIn) parts.push({ op: 'not', of: { op: 'in', field, values: setOf(condition.notIn, 'notIn') } });
  return parts;
}

function timeRange(field: RangeField, condition: RangeCondition<string> | null | undefined, path: string): Predicate[] {
  const time = (text: string | null | undefined, name: string): number | null => {
    if (text === null || text === undefined) return null;
    const parsed = parseTimestamp(text);
    if (parsed === null) {
      throw bad(
        `${path}.${name}`,
        `${JSON.stringify(text)} is not an RFC 3339 time with a zone.`,
        'Write it like 2026-01-31T09:30:00Z.',
      );
    }
    return parsed;
  };
  const [gte, lt] = [time(condition?.gte, 'gte'), time(condition?.lt, 'lt')];
  return gte === null && lt === null ? [] : [{ op: 'range', field, gte, lt }];
}

function actionPredicates(filter: LogFilter, resolver: Resolver, path: string): Predicate[] {
  const { catalogue } = resolver;
  const numbersOf = (keys: readonly string[]) =>
    keys.flatMap((key) => {
      const number = resolver.actionNumber(key);
      return number === undefined ? [] : [number];
    });
  const keysWhere = (condition: (action: Catalogue['actions'][number]) => boolean) =>
    numbersOf(catalogue.actions.filter(condition).map((action) => action.key));
  const action = (key: string, where: string) => {
    if (catalogue.action(key) === undefined)
      throw bad(where, `no catalogue has the action ${JSON.stringify(key)}.`, 'Use a key that `actions` lists.');
    return numbersOf([key]);
  };
  const category = (key: string, where: string) => {
    if (catalogue.category(key) === undefined)
      throw bad(
        where,
        `no catalogue has the category ${JSON.stringify(key)}.`,
        'Use a key that `eventCategories` lists.',
      );
    return keysWhere((one) => one.category === key);
  };
  const ofCatalogue = (key: string, where: string) => {
    if (!catalogue.catalogues.some((one) => one.key === key)) {
      throw bad(
        where,
        `there is no catalogue ${JSON.stringify(key)}.`,
        `Use one of ${catalogue.catalogues.map((one) => one.key).join(', ')}.`,
      );
    }
    return keysWhere((one) => one.catalogue === key);
  };
  return [
    ...setPredicates('action', filter.action, action, `${path}.action`),
    ...setPredicates('action', filter.category, category, `${path}.category`),
    ...setPredicates('action', filter.catalogue, ofCatalogue, `${path}.catalogue`),
    ...setPredicates(
      'action',
      filter.actionGroup,
      (name) => keysWhere((one) => one.actionGroup === name),
      `${path}.actionGroup`,
    ),
  ];
}

function namePredicates(filter: LogFilter, resolved: Resolved, path: string): Predicate[] {
  const actor = (id: string) => resolved.actors.get(id) ?? [];
  const directory = (id: string) => {
    const number = resolved.directories.get(id);
    return number === undefined ? [] : [number];
  };
  const under = filter.directory?.under;
  const within = under ? new Set(under.flatMap((root) => [...(resolved.under.get(root) ?? [])])) : null;
  return [
    ...setPredicates('actor', filter.actor, actor, `${path}.actor`),
    ...setPredicates('affectedUser', filter.affectedUser, actor, `${path}.affectedUser`),
    ...setPredicates('directory', filter.directory, directory, `${path}.directory`),
    ...(within === null ? [] : [{ op: 'in', field: 'directory', values: within } as const]),
  ];
}

function valuePredicates(filter: LogFilter, path: string): Predicate[] {
  const { severity } = filter;
  const [gte, lt] = [severity?.gte ?? null, severity?.lt ?? null];
  const outcome = (name: string, where: string) => {
    if (!outcomes.some((one) => one === name))
      throw bad(where, `${JSON.stringify(name)} is not one of ${outcomes.join(', ')}.`);
    return [name];
  };
  return [
    ...setPredicates('targetId', filter.target, (id) => [id], `${path}.target`),
    ...setPredicates('targetType', filter.target?.type, (type) => [type], `${path}.target.type`),
    ...setPredicates('outcome', filter.outcome, outcome, `${path}.outcome`),
    ...setPredicates('severity', severity, (value) => [value], `${path}.severity`),
    ...(gte === null && lt === null ? [] : [{ op: 'range', field: 'severity', gte, lt } as const]),
    ...setPredicates('component', filter.component, (name) => [name], `${path}.component`),
    ...timeRange('occurredAt', filter.occurredAt, `${path}.occurredAt`),
    ...timeRange('recordedAt', filter.recordedAt, `${path}.recordedAt`),
  ];
}

function build(filter: LogFilter, resolver: Resolver, resolved: Resolved, path: string): Predicate {
  const nested = (parts: readonly LogFilter[], name: string) =>
    parts.map((part, index) => build(part, resolver, resolved, `${path}.${name}[${index}]`));
  const parts = [
    ...actionPredicates(filter, resolver, path),
    ...namePredicates(filter, resolved, path),
    ...valuePredicates(filter, path),
  ];
  if (filter.and) parts.push({ op: 'and', of: nested(filter.and, 'and') });
  if (filter.or) parts.push({ op: 'or', of: nested(filter.or, 'or') });
  if (filter.not) parts.push({ op: 'not', of: build(filter.not, resolver, resolved, `${path}.not`) });
  return { op: 'and', of: parts };
}

/** Errors: BAD_INPUT with the path of the condition, QUERY_TOO_LARGE. */
export async function compileFilter(
  filter: LogFilter | null | undefined,
  resolver: Resolver,
  limits: FilterLimits,
): Promise<Predicate> {
  const root = filter ?? {};
  const filters = [...walk(root, { left: limits.filterNodes, most: limits.filterNodes })];
  checkLimits(filters, limits);
  checkHidden(filters, resolver.hiddenFields);
  return normalize(build(root, resolver, await resolveNames(filters, resolver), 'filter'));
}
