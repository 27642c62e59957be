import type { Entry } from '../../model/entry.ts';
import { actionFor, categoryFor } from '../absent.ts';
import type { Services } from '../context.ts';
import { describeEntry } from '../description.ts';
import { globalId } from '../ids.ts';
import { loadersOf, partOf, sharedPartOf } from '../previewed.ts';
import { ActionRef, EventCategoryRef, LogEntryRef, NodeRef } from '../refs.ts';
import {
  AffectedUserRef,
  LogActorRef,
  LogChangeRef,
  LogDirectoryRef,
  LogTargetRef,
  type NamedDirectory,
} from './logEntryParts.ts';
import { OutcomeRef } from './vocabulary.ts';

/** Free text that the source states and Annals keeps as it is. */
const text = (description: string) => ({ nullable: true as const, description });

const actionOf = (entry: Entry, { catalogue, actions }: Services) => actionFor(catalogue, actions.key(entry.action));

LogEntryRef.implement({
  description: 'One immutable record: who did what to what, when, from where, and how it ended.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'The global id: `entry:` and a UUID (version 7, of the time it was recorded).',
      resolve: ({ id }) => globalId('entry', id),
    }),
    action: t.field({
      type: ActionRef,
      description: 'What happened.',
      resolve: (entry, _, context) => sharedPartOf(context, entry, actionOf(entry, context.services)),
    }),
    category: t.field({
      type: EventCategoryRef,
      description: 'The event category of its action.',
      resolve: (entry, _, context) => {
        const { services } = context;
        return sharedPartOf(context, entry, categoryFor(services.catalogue, actionOf(entry, services).category));
      },
    }),
    description: t.string({
      description:
        'What happened as a sentence of plain text (not escaped for HTML), rendered from the action’s template and the fields of the entry.',
      args: {
        locale: t.arg.string({
          description:
            'BCP 47 tag of the reader’s language, such as `de`; left out, that of the request. English where there is no translation.',
        }),
      },
      resolve: (entry, { locale }, context) => describeEntry(entry, locale ?? context.locale, context),
    }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      description: 'When it happened, by the source’s clock, which may be wrong.',
    }),
    recordedAt: t.expose('recordedAt', {
      type: 'DateTime',
      description: 'When it was recorded, by the server’s clock. Never goes back within a log, and pages follow it.',
    }),
    outcome: t.expose('outcome', { type: OutcomeRef, description: 'How it ended.' }),
    severity: t.exposeInt('severity', {
      description: 'How serious, 1 (least) to 10 (most); the action’s unless the source stated another.',
    }),
    component: t.exposeString(
      'component',
      text('The part of the product it happened in, such as `web`, `browser extension` or `admin console`.'),
    ),
    actor: t.field({
      type: LogActorRef,
      description: 'Who did it.',
      resolve: (entry, _, context) =>
        partOf(context, entry, {
          number: entry.actor,
          type: entry.actorType,
          name: entry.actorName,
          email: entry.actorEmail,
        }),
    }),
    affectedUser: t.field({
      type: AffectedUserRef,
      nullable: true,
      description: 'To whom it was done; null where it concerns nobody in particular.',
      resolve: (entry, _, context) => {
        const { affectedUser: number, affectedUserName: name, affectedUserEmail: email } = entry;
        return number === null && name === null && email === null
          ? null
          : partOf(context, entry, { number, name, email });
      },
    }),
    directory: t.field({
      type: LogDirectoryRef,
      nullable: true,
      description: 'The vault or folder it happened in. Grants on it, or on what lies above, make the entry visible.',
      resolve: (entry, _, context) => {
        const { directory: number, vault, directoryName: name } = entry;
        const kind = vault === null || vault === number ? 'VAULT' : 'FOLDER';
        return number === null ? null : partOf<NamedDirectory>(context, entry, { number, kind, name });
      },
    }),
    vault: t.field({
      type: LogDirectoryRef,
      nullable: true,
      description: 'The vault it happened in; where it happened in a folder, the vault of that folder.',
      resolve: (entry, _, context) =>
        entry.vault === null
          ? null
          : partOf<NamedDirectory>(context, entry, { number: entry.vault, kind: 'VAULT', name: entry.vaultName }),
    }),
    targets: t.expose('targets', {
      type: [LogTargetRef],
      description: 'What it was done to, in the source’s order; empty where nothing is named.',
    }),
    ip: t.exposeString('ip', text('IPv4 or IPv6 address it came from.')),
    userAgent: t.exposeString('userAgent', text('The client program, as it calls itself.')),
    device: t.exposeString('device', text('The device, as the source calls it.')),
    session: t.exposeString('session', text('The source’s id of the session.')),
    request: t.exposeString('request', text('The source’s id of the request.')),
    location: t.exposeString('location', text('Where in the world, as the source states it.')),
    changes: t.expose('changes', {
      type: [LogChangeRef],
      nullable: true,
      description: 'What was changed, field by field; null where the source states none.',
    }),
    metadata: t.expose('metadata', {
      type: 'JSON',
      nullable: true,
      description: 'Whatever else the source states: an object, or null.',
    }),
    position: t.field({
      type: 'BigInt',
      nullable: true,
      description:
        'Its index in the log: 0, 1, 2, … without holes. Null for callers that do not see the whole log, since positions count hidden entries.',
      resolve: async (entry, _, context) =>
        (await loadersOf(context, entry).sight()).everything ? entry.position : null,
    }),
  }),
});
