/** The filter language to the predicate: keys and ids resolve, times parse, limits hold; each mistake says where it stands. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Json } from '../model/entry.ts';
import { always, normalize, type Predicate } from '../model/predicate.ts';
import type { HideableField } from '../model/role.ts';
import { type FilterLimits, type FilterPart, partsOf, refuseHidden } from './bounds.ts';
import {
  actorType,
  bad,
  changesPredicates,
  ipPredicates,
  itself,
  metadataPredicates,
  optionalPredicates,
  outcome,
  presence,
  setPredicates,
  severityPredicates,
  timePredicates,
} from './conditions.ts';
import type { LogFilter, SetCondition } from './filter.ts';
import { textPredicates } from './text.ts';

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
  /** Milliseconds: where periods that end now end. */
  readonly now: number;
  /** Throws TEXT_NOT_READY while searching by text would miss entries. */
  readonly requireTexts: () => Promise<void>;
}

type Numbers = ReadonlyMap<string, readonly number[]>;

interface Resolved {
  readonly actors: Numbers;
  readonly directories: ReadonlyMap<string, number>;
  /** By root. */
  readonly under: ReadonlyMap<string, ReadonlySet<number>>;
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

const values = <T>(condition: SetCondition<T> | null | undefined): T[] => [
  ...(condition?.in ?? []),
  ...(condition?.notIn ?? []),
];

async function resolveNames(parts: readonly FilterPart[], resolver: Resolver): Promise<Resolved> {
  const filters = parts.map(({ filter }) => filter);
  const actorIds = new Set(filters.flatMap((filter) => [...values(filter.actor), ...values(filter.affectedUser)]));
  const roots = new Set(filters.flatMap((filter) => filter.directory?.under ?? []));
  const places = filters.flatMap((filter) => [...values(filter.directory), ...values(filter.vault)]);
  const directoryIds = new Set([...places, ...roots]);
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

function actionPredicates(filter: LogFilter, resolver: Resolver, path: string): Predicate[] {
  const { catalogue } = resolver;
  const numbersOf = (keys: readonly string[]) =>
    keys.flatMap((key) => {
      const number = resolver.actionNumber(key);
      return number === undefined ? [] : [number];
    });
  /** Numbers of the actions that have something in common, by what that is; made once for all values of a list. */
  const sharing = (common: (action: Catalogue['actions'][number]) => string | null) => {
    let groups: ReadonlyMap<string | null, readonly Catalogue['actions'][number][]> | null = null;
    return (value: string): number[] => {
      groups ??= Map.groupBy(catalogue.actions, common);
      return numbersOf((groups.get(value) ?? []).map((one) => one.key));
    };
  };
  const [ofCategory, inCatalogue] = [sharing((one) => one.category), sharing((one) => one.catalogue)];
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
    return ofCategory(key);
  };
  const ofCatalogue = (key: string, where: string) => {
    if (!catalogue.catalogues.some((one) => one.key === key)) {
      throw bad(
        where,
        `there is no catalogue ${JSON.stringify(key)}.`,
        `Use one of ${catalogue.catalogues.map((one) => one.key).join(', ')}.`,
      );
    }
    return inCatalogue(key);
  };
  return [
    ...setPredicates('action', filter.action, action, `${path}.action`),
    ...setPredicates('action', filter.category, category, `${path}.category`),
    ...setPredicates('action', filter.catalogue, ofCatalogue, `${path}.catalogue`),
    ...setPredicates(
      'action',
      filter.actionGroup,
      sharing((one) => one.actionGroup),
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
    ...optionalPredicates('actor', filter.actor, actor, `${path}.actor`),
    ...setPredicates('actorType', filter.actor?.type, actorType, `${path}.actor.type`),
    ...optionalPredicates('affectedUser', filter.affectedUser, actor, `${path}.affectedUser`),
    ...optionalPredicates('directory', filter.directory, directory, `${path}.directory`),
    ...(within === null ? [] : [{ op: 'in', field: 'directory', values: within } as const]),
    ...optionalPredicates('vault', filter.vault, directory, `${path}.vault`),
  ];
}

/** Texts that are compared as they are. */
const textFields = ['component', 'userAgent', 'device', 'session', 'request', 'location'] as const;

function valuePredicates(filter: LogFilter, path: string, { now, hiddenFields }: Resolver): Predicate[] {
  return [
    ...setPredicates('targetId', filter.target, itself, `${path}.target`),
    ...setPredicates('targetType', filter.target?.type, itself, `${path}.target.type`),
    ...presence({ op: 'exists', field: 'targets' }, filter.target),
    ...setPredicates('outcome', filter.outcome, outcome, `${path}.outcome`),
    ...severityPredicates(filter.severity, `${path}.severity`),
    ...textFields.flatMap((field) => optionalPredicates(field, filter[field], itself, `${path}.${field}`)),
    ...ipPredicates(filter.ip, `${path}.ip`),
    ...changesPredicates(filter.changes, `${path}.changes`),
    ...metadataPredicates(filter.metadata, `${path}.metadata`),
    ...timePredicates('occurredAt', filter.occurredAt, `${path}.occurredAt`, now),
    ...timePredicates('recordedAt', filter.recordedAt, `${path}.recordedAt`, now),
    // Last: a stream folds the texts of each entry that satisfies what stands before.
    ...textPredicates(filter.text, hiddenFields, `${path}.text`),
  ];
}

function build(filter: LogFilter, resolver: Resolver, resolved: Resolved, path: string): Predicate {
  const nested = (parts: readonly LogFilter[], name: string) =>
    parts.map((part, index) => build(part, resolver, resolved, `${path}.${name}[${index}]`));
  const parts = [
    ...actionPredicates(filter, resolver, path),
    ...namePredicates(filter, resolved, path),
    ...valuePredicates(filter, path, resolver),
  ];
  if (filter.and) parts.push({ op: 'and', of: nested(filter.and, 'and') });
  if (filter.or) parts.push({ op: 'or', of: nested(filter.or, 'or') });
  if (filter.not) parts.push({ op: 'not', of: build(filter.not, resolver, resolved, `${path}.not`) });
  return { op: 'and', of: parts };
}

/** Whether a condition counts from the moment at which the filter is compiled. */
const isRelative = ({ filter }: FilterPart): boolean => Boolean(filter.occurredAt?.within ?? filter.recordedAt?.within);

export interface CompiledFilter {
  readonly predicate: Predicate;
  /** The same filter means something else later: a period in it ends now. */
  readonly relative: boolean;
}

const everything: CompiledFilter = { predicate: always, relative: false };

/** Errors: BAD_INPUT with the path of the condition, QUERY_TOO_LARGE, FIELD_HIDDEN, TEXT_NOT_READY. */
export async function compileFilter(
  filter: LogFilter | null | undefined,
  resolver: Resolver,
  limits: FilterLimits,
): Promise<CompiledFilter> {
  if (filter === null || filter === undefined) return everything;
  const parts = partsOf(filter, limits);
  refuseHidden(parts, resolver.hiddenFields);
  const [resolved] = await Promise.all([
    resolveNames(parts, resolver),
    parts.some(({ filter: { text } }) => text) ? resolver.requireTexts() : null,
  ]);
  const predicate = normalize(build(filter, resolver, resolved, 'filter'));
  return { predicate, relative: parts.some(isRelative) };
}
