/** What the log is told of views. */
import { canonicalJson } from '../../model/canonical.ts';
import type { Change, Json } from '../../model/entry.ts';
import type { ViewRecord } from '../../store/store.ts';
import { type AdministrationChange, fieldChanges } from '../changes.ts';

const said = (text: string): string | null => (text === '' ? null : text);

/**
 * Names of the conditions of a filter, sorted; never their values, as in entries of accesses: they may be personal, or of a field
 * that readers of the entry are kept from.
 */
function conditionsOf(filter: Json): string[] {
  if (typeof filter !== 'object' || filter === null) return [];
  if (Array.isArray(filter)) return [...new Set(filter.flatMap(conditionsOf))].sort();
  const named = Object.entries(filter).flatMap(([name, part]) =>
    ['and', 'or', 'not'].includes(name) ? conditionsOf(part) : [name],
  );
  return [...new Set(named)].sort();
}

const flat = (view: ViewRecord) => ({
  name: view.name,
  description: said(view.description),
  filter: said(conditionsOf(view.filter).join(', ')),
  period: view.period === null ? null : canonicalJson(view.period),
  order: `${view.orderField} ${view.direction}`,
  columns: said(view.columns.join(', ')),
  sharedWith: said(view.roles.join(', ')),
});
const fields = ['name', 'description', 'filter', 'period', 'order', 'columns', 'sharedWith'];

/** What differs; of a filter with the same conditions, that it does. */
function changesOf(before: ViewRecord | null, after: ViewRecord): Change[] {
  const changes = fieldChanges(before === null ? null : flat(before), flat(after), fields);
  const same = before === null || canonicalJson(before.filter) === canonicalJson(after.filter);
  if (same || changes.some(({ field }) => field === 'filter')) return changes;
  const { filter } = flat(after);
  return [...changes, { field: 'filter', before: filter, after: filter }];
}

const isShared = (view: ViewRecord | null): boolean => view !== null && view.roles.length > 0;

const targetsOf = ({ id, name, roles }: ViewRecord): NonNullable<AdministrationChange['targets']> => [
  { type: 'view', id, name },
  ...roles.map((role) => ({ type: 'role', id: role })),
];

/** Whether saving it changes nothing. */
export const isSame = (before: ViewRecord, after: ViewRecord): boolean => changesOf(before, after).length === 0;

/**
 * The entry that tells of a view that was saved; null where nothing of it is new, and of one that is private and was: it is
 * its owner’s alone, and whoever may only read could fill the log with it.
 */
export function savedEntry(before: ViewRecord | null, after: ViewRecord): AdministrationChange | null {
  if (!isShared(before) && !isShared(after)) return null;
  if (before === null) {
    return { action: 'annals.view_created', targets: targetsOf(after), changes: changesOf(null, after) };
  }
  const changes = changesOf(before, after);
  if (changes.length === 0) return null;
  const action = 'annals.view_changed';
  if (isShared(after)) {
    return { action, targets: targetsOf(after), changes: isShared(before) ? changes : changesOf(null, after) };
  }
  // By the name that everybody knew; what else is new is its owner’s alone.
  const shared = changes.filter(({ field }) => field === 'sharedWith');
  return { action, targets: targetsOf({ ...after, name: before.name }), changes: shared };
}

/** Null of a private one. */
export const deletedEntry = (view: ViewRecord): AdministrationChange | null =>
  isShared(view) ? { action: 'annals.view_deleted', targets: targetsOf(view) } : null;

/** That a view is not shared with a role any more, because that is removed. */
export function unsharedEntry(view: ViewRecord, role: string): AdministrationChange {
  const roles = view.roles.filter((one) => one !== role);
  const changes = fieldChanges(flat(view), flat({ ...view, roles }), ['sharedWith']);
  return { action: 'annals.view_changed', targets: targetsOf({ ...view, roles }), changes };
}
