/** What the log is told of views. */
import { canonicalJson } from '../../model/canonical.ts';
import type { ViewRecord } from '../../store/store.ts';
import { type AdministrationChange, fieldChanges } from '../changes.ts';

const said = (text: string): string | null => (text === '' ? null : text);

const flat = (view: ViewRecord) => ({
  name: view.name,
  description: said(view.description),
  filter: view.filter === null ? null : canonicalJson(view.filter),
  period: view.period === null ? null : canonicalJson(view.period),
  order: `${view.orderField} ${view.direction}`,
  columns: said(view.columns.join(', ')),
  sharedWith: said(view.roles.join(', ')),
});
const fields = ['name', 'description', 'filter', 'period', 'order', 'columns', 'sharedWith'];

/** Of a private view nobody learns more than that there is one. */
const targetsOf = ({ id, name, roles }: ViewRecord, shared: boolean): NonNullable<AdministrationChange['targets']> =>
  shared ? [{ type: 'view', id, name }, ...roles.map((role) => ({ type: 'role', id: role }))] : [{ type: 'view', id }];

/** The entry that tells of a view that was saved; null where nothing of it is new. */
export function savedEntry(before: ViewRecord | null, after: ViewRecord): AdministrationChange | null {
  const now = flat(after);
  if (before === null) {
    const told = after.roles.length > 0 ? { changes: fieldChanges(null, now, fields) } : {};
    return { action: 'annals.view_created', targets: targetsOf(after, after.roles.length > 0), ...told };
  }
  if (canonicalJson(flat(before)) === canonicalJson(now)) return null;
  const action = 'annals.view_changed';
  const [wasShared, isShared] = [before.roles.length > 0, after.roles.length > 0];
  if (isShared) {
    const changes = fieldChanges(wasShared ? flat(before) : null, now, fields);
    return { action, targets: targetsOf(after, true), changes };
  }
  if (!wasShared) return { action, targets: targetsOf(after, false) };
  // By the name that everybody knew; what else is new is its owner’s alone.
  const changes = fieldChanges(flat(before), now, ['sharedWith']);
  return { action, targets: targetsOf({ ...after, name: before.name }, true), changes };
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
