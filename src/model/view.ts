/** Saved views: what of an entry they show, and to whom. */
import type { HideableField, Role } from './role.ts';

/** The columns that a view can have, each a field of an entry; with what a role must not be kept from to see it. */
const columns = {
  RECORDED_AT: null,
  OCCURRED_AT: null,
  DESCRIPTION: null,
  ACTION: null,
  CATEGORY: null,
  OUTCOME: null,
  SEVERITY: null,
  ACTOR: null,
  AFFECTED_USER: null,
  VAULT: null,
  DIRECTORY: null,
  TARGETS: 'TARGETS',
  COMPONENT: 'COMPONENT',
  IP: 'IP',
  USER_AGENT: 'USER_AGENT',
  DEVICE: 'DEVICE',
  SESSION: 'SESSION',
  REQUEST: 'REQUEST',
  LOCATION: 'LOCATION',
  CHANGES: 'CHANGES',
  METADATA: 'METADATA',
  POSITION: null,
  ID: null,
} as const satisfies Record<string, HideableField | null>;

export type ViewColumn = keyof typeof columns;
export const viewColumns = Object.keys(columns) as ViewColumn[];

export const isViewColumn = (name: string): name is ViewColumn => Object.hasOwn(columns, name);

/** Whether entries have the column for the role; decided by the role, never by what is in the log. */
export function seesColumn({ visibility, hiddenFields }: Role, column: ViewColumn): boolean {
  // Positions count hidden entries.
  if (column === 'POSITION') return visibility.scope === 'ALL' && visibility.categories === null;
  const field = columns[column];
  return field === null || !hiddenFields.has(field);
}
