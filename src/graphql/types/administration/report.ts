/** What a change of administration answers. */
import type {
  ChangeCount,
  ChangedThing,
  ChangeKind,
  ChangeOperation,
  ChangeReport,
  Named,
} from '../../../administration/administration.ts';
import { builder } from '../../builder.ts';
import { parseGlobalId } from '../../ids.ts';
import { LogChangeRef } from '../logEntryParts.ts';
import { GuardedOperationRef, PendingChangeRef } from './pendingChange.ts';

/** A member’s external id; it may come as the global id of the member’s actor. */
export function memberId(text: string): string {
  const parsed = parseGlobalId(text);
  return parsed?.kind === 'actor' && parsed.type === 'MEMBER' ? parsed.id : text;
}

const ChangeKindRef = builder.enumType('ChangeKind', {
  description: 'What kind of thing was changed.',
  values: {
    MEMBER: { description: 'A member.' },
    GROUP: { description: 'A group.' },
    MEMBERSHIP: { description: 'That a member belongs to a group.' },
    DIRECTORY: { description: 'A vault or a folder.' },
    GRANT: { description: 'The level of a member or group on a directory.' },
  } satisfies Record<ChangeKind, { description: string }>,
});

const ChangeOperationRef = builder.enumType('ChangeOperation', {
  description: 'What became of a thing.',
  values: {
    CREATED: { description: 'It is new, or back after it was removed.' },
    CHANGED: { description: 'It was there, and is different now.' },
    REMOVED: { description: 'It is gone; of a directory, that it lost its place and its grants.' },
  } satisfies Record<ChangeOperation, { description: string }>,
});

const NamedRef = builder.objectRef<Named>('NamedThing').implement({
  description: 'A member, group or directory by the product’s own id.',
  fields: (t) => ({
    externalId: t.id({ description: 'The product’s own id.', resolve: ({ id }) => id }),
    name: t.exposeString('name', { nullable: true, description: 'Its newest name.' }),
  }),
});

const ChangedThingRef = builder.objectRef<ChangedThing>('ChangedThing').implement({
  description: 'One thing that was changed. Those of `member`, `group` and `directory` that identify it are not null.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ChangeKindRef, description: 'What kind of thing.' }),
    operation: t.expose('operation', { type: ChangeOperationRef, description: 'What became of it.' }),
    member: t.expose('member', { type: NamedRef, nullable: true, description: 'The member.' }),
    group: t.expose('group', { type: NamedRef, nullable: true, description: 'The group.' }),
    directory: t.expose('directory', { type: NamedRef, nullable: true, description: 'The directory.' }),
    changes: t.expose('changes', {
      type: [LogChangeRef],
      description: 'Its fields that were changed. Of an e-mail address, only that it was.',
    }),
  }),
});

const ChangeCountRef = builder.objectRef<ChangeCount>('ChangeCount').implement({
  description: 'How many things of one kind were changed.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ChangeKindRef, description: 'What kind of things.' }),
    created: t.exposeInt('created', { description: 'How many are new.' }),
    changed: t.exposeInt('changed', { description: 'How many are different.' }),
    removed: t.exposeInt('removed', { description: 'How many are gone.' }),
  }),
});

export const ChangeReportRef = builder.objectRef<ChangeReport>('ChangeReport').implement({
  description: 'What a mutation changed, in force and durable; or, of a dry run, what it would change.',
  fields: (t) => ({
    changed: t.boolean({
      description: 'Whether anything was. Repeating a mutation changes nothing.',
      resolve: ({ isEmpty }) => !isEmpty,
    }),
    counts: t.expose('counts', { type: [ChangeCountRef], description: 'How many things of each kind.' }),
    things: t.field({
      type: [ChangedThingRef],
      description: 'What was changed, in the order of the kinds.',
      args: { first: t.arg.int({ defaultValue: 100, description: 'At most so many, 0 to 1,000.' }) },
      resolve: (report, { first }) => report.things(Math.min(Math.max(first ?? 100, 0), 1000)),
    }),
    pending: t.expose('pending', {
      type: PendingChangeRef,
      nullable: true,
      description: 'What waits, where the organization guards this mutation: then nothing of it was changed.',
    }),
    guardedBy: t.expose('guardedBy', {
      type: GuardedOperationRef,
      nullable: true,
      description: 'Of a dry run: the operation for which the real run would be held back; null where it would not.',
    }),
  }),
});
