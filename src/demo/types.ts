import type { EntryInput } from '../model/entry.ts';

/** A person; `externalId` is the id under which entries name them as actor or affected user. */
export interface DemoMember {
  readonly externalId: string;
  readonly name: string;
  readonly email: string;
  /** The built-in role in Annals; null for a person without access to it. */
  readonly role: 'OWNER' | 'ADMINISTRATOR' | 'AUDITOR' | 'MEMBER' | null;
}

export interface DemoGroup {
  readonly externalId: string;
  readonly name: string;
  /** External ids of members. */
  readonly memberIds: readonly string[];
}

/** A vault has no parent; a folder’s parent is a vault or a folder. Parents come before their children. */
export interface DemoDirectory {
  readonly externalId: string;
  readonly name: string;
  readonly kind: 'VAULT' | 'FOLDER';
  readonly parentId: string | null;
}

export interface DemoGrant {
  readonly directoryId: string;
  readonly subject: { readonly memberId: string } | { readonly groupId: string };
  readonly level: 'READ' | 'EDIT' | 'FULL_ACCESS' | 'ADMINISTRATOR';
}

/** A token to issue, with the key of its role. */
export interface DemoToken {
  readonly name: string;
  readonly roleKey: 'INTEGRATION';
}

export type DemoEntry = EntryInput & { readonly occurredAt: Date };

/** A made-up company and 90 days of its log. */
export interface DemoWorld {
  readonly organization: { readonly name: string };
  /** The first member of each role is the one to show; the first MEMBER administers exactly one vault. */
  readonly members: readonly DemoMember[];
  readonly groups: readonly DemoGroup[];
  readonly directories: readonly DemoDirectory[];
  readonly grants: readonly DemoGrant[];
  readonly tokens: readonly DemoToken[];
  /** 3,000 to 4,000 entries of the 90 days before `now`, oldest first. */
  readonly entries: readonly DemoEntry[];
  /** One more entry that happens at `now`. Its content depends only on the seed and on how often it was called. */
  next(now: Date): DemoEntry;
}
