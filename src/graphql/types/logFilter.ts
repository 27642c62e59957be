import type { LogFilter } from '../../query/filter.ts';
import { builder } from '../builder.ts';
import {
  ActorConditionRef,
  ChangesConditionRef,
  DirectoryConditionRef,
  IdConditionRef,
  IpConditionRef,
  MetadataConditionRef,
  OptionalIdConditionRef,
  OptionalStringConditionRef,
  OutcomeConditionRef,
  SeverityConditionRef,
  StringConditionRef,
  TargetConditionRef,
  TextConditionRef,
  TimeConditionRef,
} from './filterConditions.ts';

export const LogFilterRef = builder.inputRef<LogFilter, false>('LogFilter');

LogFilterRef.implement({
  description:
    'Which entries: all conditions stated here must hold. The same language in queries and subscriptions. Where ids are asked for, the external id and the global id (`directory:…`) are both understood.',
  fields: (t) => ({
    and: t.field({ type: [LogFilterRef], description: 'Every one of these holds; an empty list holds.' }),
    or: t.field({ type: [LogFilterRef], description: 'At least one of these holds; an empty list does not hold.' }),
    not: t.field({ type: LogFilterRef, description: 'This does not hold.' }),
    action: t.field({
      type: IdConditionRef,
      description: 'The action, by key or global id: `{ in: ["passwork.item_viewed"] }`.',
    }),
    category: t.field({ type: IdConditionRef, description: 'The event category, by key or global id.' }),
    catalogue: t.field({
      type: StringConditionRef,
      description: 'The catalogue of the action, by key: `{ in: ["enpass"] }`.',
    }),
    actionGroup: t.field({
      type: StringConditionRef,
      description: 'The action’s group inside its category, by name: `{ in: ["Vault Management"] }`.',
    }),
    actor: t.field({
      type: ActorConditionRef,
      description: 'Who did it, by external or global id; actors of every type with that external id.',
    }),
    affectedUser: t.field({
      type: OptionalIdConditionRef,
      description: 'To whom it was done, by external or global id.',
    }),
    directory: t.field({ type: DirectoryConditionRef, description: 'The vault or folder it happened in.' }),
    vault: t.field({
      type: OptionalIdConditionRef,
      description:
        'The vault that the entry names, as it was when it happened; `directory.under` goes by the tree of today.',
    }),
    target: t.field({ type: TargetConditionRef, description: 'What it was done to.' }),
    outcome: t.field({ type: OutcomeConditionRef, description: 'How it ended.' }),
    severity: t.field({ type: SeverityConditionRef, description: 'How serious it is.' }),
    component: t.field({
      type: OptionalStringConditionRef,
      description: 'The part of the product, such as `{ in: ["web", "mobile"] }`.',
    }),
    ip: t.field({ type: IpConditionRef, description: 'The address it came from.' }),
    userAgent: t.field({ type: OptionalStringConditionRef, description: 'The client program.' }),
    device: t.field({ type: OptionalStringConditionRef, description: 'The device.' }),
    session: t.field({ type: OptionalStringConditionRef, description: 'The source’s id of the session.' }),
    request: t.field({ type: OptionalStringConditionRef, description: 'The source’s id of the request.' }),
    location: t.field({ type: OptionalStringConditionRef, description: 'Where in the world.' }),
    changes: t.field({ type: ChangesConditionRef, description: 'What was changed.' }),
    metadata: t.field({
      type: [MetadataConditionRef],
      description:
        'Values inside the metadata; every one of these holds: `{ key: ["client", "version"], in: ["7.2.1"] }`.',
    }),
    text: t.field({
      type: TextConditionRef,
      description: 'Texts that the entry contains: `{ contains: "bank portal" }`.',
    }),
    occurredAt: t.field({ type: TimeConditionRef, description: 'When it happened, by the source’s clock.' }),
    recordedAt: t.field({ type: TimeConditionRef, description: 'When it was recorded, by the server’s clock.' }),
  }),
});
