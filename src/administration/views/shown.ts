/** A view as one reader sees it. */
import type { Principal } from '../../auth/auth.ts';
import { AnnalsError } from '../../errors.ts';
import type { Json } from '../../model/entry.ts';
import { isViewColumn, seesColumn, type ViewColumn } from '../../model/view.ts';
import type { ViewReader, ViewRecord } from '../../store/store.ts';
import { type FilterLanguage, storedPeriod, usableFilter, type ViewPeriod, wholeFilter } from './language.ts';
import { isMine } from './reader.ts';

export interface ViewOrder {
  readonly field: 'RECORDED_AT' | 'OCCURRED_AT';
  readonly direction: 'ASC' | 'DESC';
}

export interface ShownView
  extends Pick<ViewRecord, 'id' | 'name' | 'description' | 'ownerName' | 'createdAt' | 'updatedAt'> {
  readonly ownerId: string;
  readonly mine: boolean;
  /** As they were given; null also where the reader’s role may not filter by what stands there. */
  readonly filter: Json;
  /** Filter and period as one filter; null as `filter` is. */
  readonly whole: Json;
  readonly period: ViewPeriod | null;
  readonly order: ViewOrder;
  /** Those that the reader’s role sees, and the others. */
  readonly columns: readonly ViewColumn[];
  readonly hiddenColumns: readonly ViewColumn[];
  readonly isShared: boolean;
  /** Keys of the roles that it is shared with, as far as the reader may know of them. */
  readonly sharedWith: readonly string[];
  /** Why the reader cannot use it: FIELD_HIDDEN or VIEW_OUTDATED. */
  readonly problem: ViewProblem | null;
}

/** An error as data: nothing fails where a view is only looked at. */
export interface ViewProblem extends Pick<AnnalsError, 'code' | 'message' | 'cure'> {}

/** The order of a stored view; what only a later version knows is the usual one. */
export const orderOf = ({ orderField, direction }: Pick<ViewRecord, 'orderField' | 'direction'>): ViewOrder => ({
  field: orderField === 'OCCURRED_AT' ? 'OCCURRED_AT' : 'RECORDED_AT',
  direction: direction === 'ASC' ? 'ASC' : 'DESC',
});

async function problemOf(
  language: FilterLanguage,
  principal: Principal,
  record: ViewRecord,
): Promise<ViewProblem | null> {
  try {
    await usableFilter(language, principal, record);
    return null;
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    const { code, message, cure } = error;
    return { code, message, cure };
  }
}

export async function shownView(
  language: FilterLanguage,
  principal: Principal,
  reader: ViewReader,
  record: ViewRecord,
): Promise<ShownView> {
  const { id, name, description, ownerName, createdAt, updatedAt, roles } = record;
  const problem = await problemOf(language, principal, record);
  // What is hidden in a filter that cannot be read any more is not known.
  const readable = problem === null || (problem.code === 'VIEW_OUTDATED' && principal.role.hiddenFields.size === 0);
  const columns = record.columns.filter(isViewColumn);
  const sees = (column: ViewColumn) => seesColumn(principal.role, column);
  const mine = isMine(record, principal);
  return {
    id,
    name,
    description,
    ownerId: record.owner.id,
    ownerName,
    mine,
    filter: readable ? record.filter : null,
    whole: readable ? wholeFilter(record) : null,
    period: storedPeriod(record.period),
    order: orderOf(record),
    columns: columns.filter(sees),
    hiddenColumns: columns.filter((column) => !sees(column)),
    isShared: roles.length > 0,
    sharedWith: mine ? roles : roles.filter((role) => reader.roles.includes(role)),
    problem,
    createdAt,
    updatedAt,
  };
}
