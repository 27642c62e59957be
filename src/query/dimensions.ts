/** What entries can be grouped by: how it reads in the log, and how it reads to people. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { outcomes } from '../model/entry.ts';
import { normalizeIp } from '../model/ip.ts';
import type { HideableField } from '../model/role.ts';
import type { Grouping, GroupKey, StoredActor, StoredDirectoryName } from '../store/store.ts';

export const logDimensions = [
  'CATEGORY',
  'ACTION',
  'ACTION_GROUP',
  'CATALOGUE',
  'ACTOR',
  'AFFECTED_USER',
  'DIRECTORY',
  'OUTCOME',
  'COMPONENT',
  'SEVERITY',
  'IP',
] as const;
export type LogDimension = (typeof logDimensions)[number];

/** Dimensions that a role may be kept from. */
export const hideableDimensions: Partial<Record<LogDimension, HideableField>> = { COMPONENT: 'COMPONENT', IP: 'IP' };

export interface DimensionFacts {
  readonly catalogue: Catalogue;
  readonly actionNumber: (key: string) => number | undefined;
  readonly actionKey: (number: number) => string;
}

/** What stands behind the numbers of people and places, as the reader knows them. */
export interface KnownNames {
  readonly actors: ReadonlyMap<number, StoredActor>;
  readonly directories: ReadonlyMap<number, StoredDirectoryName>;
}

/** What the entries of a group have in common. */
export interface StatisticsKey {
  readonly dimension: LogDimension;
  /** As a filter on this dimension takes it; null where the entries have no value. */
  readonly value: string | null;
  readonly actor: StoredActor | null;
  readonly directory: StoredDirectoryName | null;
}

export interface Dimension extends Grouping {
  readonly name: LogDimension;
  /** How many groups there can be, whatever is recorded; Infinity where that depends on it. */
  readonly most: number;
  read(key: GroupKey, names: KnownNames): StatisticsKey;
}

/** By action number, an index into the sorted values from 1; 0 for a number that has no value. */
function foldActions(values: readonly (readonly [number: number, value: string | null])[]) {
  const sorted = [...new Set(values.flatMap(([, value]) => value ?? []))].sort();
  const places = new Map(sorted.map((value, index) => [value, index + 1]));
  const fold = new Array<number>(Math.max(0, ...values.map(([number]) => number))).fill(0);
  for (const [number, value] of values) fold[number - 1] = value === null ? 0 : (places.get(value) ?? 0);
  return { sorted, fold };
}

export function dimensionOf(name: LogDimension, facts: DimensionFacts): Dimension {
  const { catalogue } = facts;
  const plain = (value: string | null): StatisticsKey => ({ dimension: name, value, actor: null, directory: null });
  const ofActions = (value: (action: Catalogue['actions'][number]) => string | null) =>
    foldActions(
      catalogue.actions.flatMap((action) => {
        const number = facts.actionNumber(action.key);
        return number === undefined ? [] : [[number, value(action)] as const];
      }),
    );
  const folded = (value: (action: Catalogue['actions'][number]) => string | null): Dimension => {
    const { sorted, fold } = ofActions(value);
    return {
      name,
      column: 'action',
      most: sorted.length + 1,
      fold,
      read: (key) => plain(sorted[Number(key) - 1] ?? null),
    };
  };
  const ofActor = (column: 'actor' | 'affectedUser'): Dimension => ({
    name,
    column,
    most: Infinity,
    read: (key, { actors }) => {
      const actor = actors.get(Number(key)) ?? null;
      return { ...plain(actor?.externalId ?? null), actor };
    },
  });
  switch (name) {
    case 'CATEGORY':
      return folded((action) => action.category);
    case 'ACTION_GROUP':
      return folded((action) => action.actionGroup);
    case 'CATALOGUE':
      return folded((action) => action.catalogue);
    case 'ACTION': {
      const { fold: order } = ofActions((action) => action.key);
      return { name, column: 'action', most: Infinity, order, read: (key) => plain(facts.actionKey(Number(key))) };
    }
    case 'ACTOR':
      return ofActor('actor');
    case 'AFFECTED_USER':
      return ofActor('affectedUser');
    case 'DIRECTORY':
      return {
        name,
        column: 'directory',
        most: Infinity,
        read: (key, { directories }) => {
          const directory = directories.get(Number(key)) ?? null;
          return { ...plain(directory?.externalId ?? null), directory };
        },
      };
    case 'OUTCOME':
      return { name, column: 'outcome', most: outcomes.length, read: (key) => plain(outcomes[Number(key)] ?? null) };
    case 'SEVERITY':
      return { name, column: 'severity', most: 10, read: (key) => plain(String(key)) };
    case 'COMPONENT':
      return { name, column: 'component', most: Infinity, read: (key) => plain(key === null ? null : String(key)) };
    case 'IP':
      return {
        name,
        column: 'ip',
        most: Infinity,
        read: (key) => plain(key === null ? null : normalizeIp(String(key))),
      };
  }
}
