import type { Action, Catalogue } from '../catalogue/catalogue.ts';
import type { Json } from '../model/entry.ts';

export const passworkCatalogue = 'passwork';
export const unknownAction = 'passwork.unknown';

/** Finds an action by the code as a line writes it. */
export type FindAction = (code: string) => Action | undefined;

function normalise(code: string): string {
  return code
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '_');
}

/** Codes are told apart ignoring case, with spaces and underscores alike: Passwork itself prints `shortcut copied`. */
export function indexCodes(catalogue: Catalogue): FindAction {
  const byCode = new Map<string, Action>();
  for (const action of catalogue.actions) {
    if (action.catalogue !== passworkCatalogue || action.key === unknownAction) continue;
    byCode.set(normalise(action.code), action);
  }
  return (code) => byCode.get(normalise(code));
}

/** What an ambiguous code was taken to mean, and by what. */
export interface Resolution {
  readonly action: Action | undefined;
  readonly subject: 'password' | 'shortcut';
  /** What goes into the entry’s metadata; null for a code with one meaning. */
  readonly metadata: { readonly resolvedFrom: string; readonly resolution: Json } | null;
}

/** Reads a field of the line by its key, ignoring case. */
export type HasField = (key: string) => boolean;

const groupFields = ['passworkUserGroupId', 'passworkUserGroupName', 'passworkGroupId', 'passworkGroupName'];
const userFields = ['duid', 'duser'];
const shortcutFields = ['passworkShortcutId', 'passworkShortcutName'];
const itemFields = ['passworkItemId', 'passworkItemName'];

/** `by` is the deciding key of the line, or `name` or `code`. */
type Decision = { readonly value: string; readonly by: string };

/** A line about a shortcut may carry its password’s item too, so an item alone decides after the event’s name. */
function subjectOf(has: HasField, name: string): Decision {
  const shortcut = shortcutFields.find(has);
  if (shortcut !== undefined) return { value: 'shortcut', by: shortcut };
  if (/shortcut/i.test(name)) return { value: 'shortcut', by: 'name' };
  return { value: 'password', by: itemFields.find(has) ?? 'code' };
}

/** A line about a group may name a user too, so a user decides only where neither field nor code says group. */
function recipientOf(has: HasField, name: string, code: string): Decision {
  const group = groupFields.find(has);
  if (group !== undefined) return { value: 'group', by: group };
  if (code.includes('_usergroup_')) return { value: 'group', by: 'code' };
  const user = userFields.find(has);
  if (user !== undefined) return { value: 'user', by: user };
  if (/\bgroup\b/i.test(name)) return { value: 'group', by: 'name' };
  return { value: 'user', by: 'code' };
}

/**
 * Passwork writes `inboxItem_*` for a password or a shortcut that was sent, to a user or to a group, and `link_*` for
 * a link to a password or to a shortcut. The fields of the line tell which; the entry says what was decided and by what.
 */
export function resolveCode(find: FindAction, code: string, name: string, has: HasField): Resolution {
  const plain = normalise(code);
  const isInbox = plain.startsWith('inboxitem_');
  if (!isInbox && !plain.startsWith('link_')) {
    const subject = /^shortcut_(?!item_)/.test(plain) ? 'shortcut' : 'password';
    return { action: find(code), subject, metadata: null };
  }
  const subject = subjectOf(has, name);
  const isShortcut = subject.value === 'shortcut';
  const known = { subject: subject.value, subjectBy: subject.by };
  if (!isInbox) {
    return {
      action: find(code),
      subject: isShortcut ? 'shortcut' : 'password',
      metadata: { resolvedFrom: code, resolution: known },
    };
  }
  const recipient = recipientOf(has, name, plain);
  const group = recipient.value === 'group' ? 'userGroup_' : '';
  // `inboxItem_deleted` is printed for a shortcut whose access was revoked.
  const verb = plain.replace(/^inboxitem_(?:usergroup_)?/, '').replace(/^deleted$/, 'revoked');
  return {
    action: find(`inboxItem_${group}${verb}`) ?? find(code),
    subject: isShortcut ? 'shortcut' : 'password',
    metadata: {
      resolvedFrom: code,
      resolution: { ...known, recipient: recipient.value, recipientBy: recipient.by },
    },
  };
}
