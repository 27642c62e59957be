/** What a view is asked to be, checked as far as that needs neither the database nor the filter language. */
import type { Json } from '../../model/entry.ts';
import { isViewColumn, type ViewColumn, viewColumns } from '../../model/view.ts';
import { badInput, checkText } from '../checks.ts';
import type { ViewPeriod } from './language.ts';
import type { ViewOrder } from './shown.ts';

/** The whole view: what is left out has its default, whatever it was before. */
export interface ViewInput {
  /** Of the view to change; left out, the caller’s view of this name is changed or made. */
  readonly id?: string | null | undefined;
  readonly name: string;
  readonly description?: string | null | undefined;
  /** As the client wrote it. */
  readonly filter?: Json | undefined;
  readonly period?: ViewPeriod | null | undefined;
  readonly order?: Partial<ViewOrder> | null | undefined;
  readonly columns?: readonly ViewColumn[] | null | undefined;
  /** Keys of roles; none for a private view. */
  readonly sharedWith?: readonly string[] | null | undefined;
}

/** UTF-16 code units of a filter as JSON. */
const mostFilter = 16_000;
const mostRoles = 50;

function checkEachOnce(path: string, list: readonly string[], most: number): void {
  if (list.length > most) throw badInput(path, `has ${list.length} items; at most ${most} are accepted.`);
  for (const [index, one] of list.entries()) {
    if (list.indexOf(one) < index) throw badInput(`${path}[${index}]`, 'the same stands in the list twice.');
  }
}

/** Throws BAD_INPUT with the path of the first mistake. */
export function checkViewInput({ name, description, filter, columns, sharedWith }: ViewInput): void {
  checkText('name', name, 'name');
  if (description) checkText('description', description, 'description');
  const size = filter === undefined ? 0 : JSON.stringify(filter).length;
  if (size > mostFilter) {
    const cure = 'List fewer values: filter by directory.under, category or text instead of single ids.';
    throw badInput('filter', `has ${size} characters as JSON; at most ${mostFilter} are accepted.`, cure);
  }
  checkEachOnce('columns', columns ?? [], viewColumns.length);
  for (const [index, column] of (columns ?? []).entries()) {
    if (!isViewColumn(column)) throw badInput(`columns[${index}]`, `must be one of ${viewColumns.join(', ')}.`);
  }
  checkEachOnce('sharedWith', sharedWith ?? [], mostRoles);
}
