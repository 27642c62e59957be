import { type Entry, plainEntry } from './entry.ts';
import type { HideableField } from './role.ts';

/** What an entry is without a field. */
const blanks: Record<HideableField, Partial<Entry>> = {
  EMAIL: { actorEmail: null, affectedUserEmail: null },
  IP: { ip: null },
  USER_AGENT: { userAgent: null },
  DEVICE: { device: null },
  SESSION: { session: null },
  REQUEST: { request: null },
  LOCATION: { location: null },
  COMPONENT: { component: null },
  TARGETS: { targets: [] },
  CHANGES: { changes: null },
  METADATA: { metadata: null },
};

/** The entry as a role that is kept from these fields reads it: as if they had never been stated. */
export function redact(entry: Entry, hidden: ReadonlySet<HideableField>): Entry {
  return hidden.size === 0 ? entry : Object.assign(plainEntry(entry), ...[...hidden].map((field) => blanks[field]));
}
