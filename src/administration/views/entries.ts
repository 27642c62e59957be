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

/** Of a private view nobody learns more than that there is one. */
const targetsOf = ({ id, name, roles }: ViewRecord, shared: boolean): NonNullable<AdministrationChange['targets']> =>
  shared ? [{ type: 'view', id, name }, ...roles.map((role) => ({ type: 'role', id: role }))] : [{ type: 'view', id }];

/** The entry that tells of a view that was saved; null where nothing of it is new. */
export function savedEntry(before: ViewRecord | null, after: ViewRecord): AdministrationChange | null {
  const isShared = after.roles.length > 0;
  if (before === null) {
    const told = isShared ? { changes: changesOf(null, after) } : {};
    return { action: 'annals.view_created', targets: targetsOf(after, isShared), ...told };
  }
  const changes = changesOf(before, after);
  if (changes.length === 0) return null;
  const action = 'annals.view_changed';
  const wasShared = before.roles.length > 0;
  if (isShared) {
    return { action, targets: targetsOf(after, true), changes: wasShared ? changes : changesOf(null, after) };
  }
  if (!wasShared) return { action, targets: targetsOf(after, false) };
  // By the name that everybody knew; what else is new is its owner’s alone.
  const shared = changes.filter(({ field }) => field === 'sharedWith');
  return { action, targets: targetsOf({ ...after, name: before.name }, true), changes: shared };
}

export const deletedEntry = (view: ViewRecord): AdministrationChange => ({
  action: 'annals.view_deleted',
  targets: targetsOf(view, view.roles.length > 0),
});

/** That a view is not shared with a role any more, because that is removed. */
export function unsharedEntry(view: ViewRecord, role: string): AdministrationChange {
  const roles = view.roles.filter((one) => one !== role);
  const changes = fieldChanges(flat(view), flat({ ...view, roles }), ['sharedWith']);
  return { action: 'annals.view_changed', targets: targetsOf({ ...view, roles }, true), changes };
}
