import { builder } from '../builder.ts';
import { ActorTypeRef, OutcomeRef } from './vocabulary.ts';

const ActorInputRef = builder.inputType('ActorInput', {
  description: 'Who did it, as called when it happened.',
  fields: (t) => ({
    type: t.field({
      type: ActorTypeRef,
      description: 'What kind of actor. Left out: MEMBER where an id or a name is stated, else SYSTEM.',
    }),
    id: t.id({ description: 'Your product’s own id of it, up to 200 characters. Unknown ones register.' }),
    name: t.string({ description: 'The name, up to 500 characters.' }),
    email: t.string({ description: 'The e-mail address, up to 320 characters.' }),
  }),
});

const AffectedUserInputRef = builder.inputType('AffectedUserInput', {
  description: 'To whom it was done, as called when it happened.',
  fields: (t) => ({
    id: t.id({ description: 'Your product’s own id of the user, up to 200 characters. Unknown ones register.' }),
    name: t.string({ description: 'The name, up to 500 characters.' }),
    email: t.string({ description: 'The e-mail address, up to 320 characters.' }),
  }),
});

const DirectoryInputRef = builder.inputType('DirectoryInput', {
  description: 'A vault or a folder, as called when it happened.',
  fields: (t) => ({
    id: t.id({
      required: true,
      description: 'Your product’s own id of it, up to 200 characters. Unknown ones register.',
    }),
    name: t.string({ description: 'The name, up to 500 characters.' }),
  }),
});

const TargetInputRef = builder.inputType('TargetInput', {
  description: 'Something it was done to.',
  fields: (t) => ({
    type: t.string({
      required: true,
      description: 'What kind of thing, such as `item`, `link`, `group` or `session`.',
    }),
    id: t.id({ description: 'Your product’s own id of it, up to 200 characters.' }),
    name: t.string({ description: 'The name, up to 500 characters.' }),
  }),
});

const ChangeInputRef = builder.inputType('ChangeInput', {
  description: 'One field that was changed. Never put secrets here.',
  fields: (t) => ({
    field: t.string({ required: true, description: 'The field, up to 200 characters.' }),
    before: t.string({ description: 'Its value before, up to 16,384 characters; left out where there was none.' }),
    after: t.string({ description: 'Its value after, up to 16,384 characters; left out where there is none.' }),
  }),
});

/** The form of `EntryInput` in the model. */
export const EntryInputRef = builder.inputType('EntryInput', {
  description:
    'What happened, as the producing product states it. Only `action` is needed; what is left out takes the action’s default or is absent.',
  fields: (t) => ({
    idempotencyKey: t.string({
      description:
        'Up to 200 characters, unique in the organization. The same key with the same content is recorded once; with other content it is an error.',
    }),
    action: t.string({ required: true, description: 'Key of the action, such as `passwork.item_viewed`.' }),
    occurredAt: t.field({
      type: 'DateTime',
      description: 'When it happened, by your clock, with a zone; left out: now.',
    }),
    outcome: t.field({ type: OutcomeRef, description: 'How it ended; left out: the action’s default.' }),
    severity: t.int({ description: 'How serious, 1 (least) to 10 (most); left out: the action’s.' }),
    component: t.string({ description: 'The part of your product, such as `web`; up to 100 characters.' }),
    actor: t.field({ type: ActorInputRef, description: 'Who did it.' }),
    affectedUser: t.field({ type: AffectedUserInputRef, description: 'To whom it was done.' }),
    vault: t.field({ type: DirectoryInputRef, description: 'The vault it happened in.' }),
    directory: t.field({
      type: DirectoryInputRef,
      description: 'The folder (or vault) it happened in; left out: the vault. Visibility is decided by it.',
    }),
    targets: t.field({ type: [TargetInputRef], description: 'What it was done to; at most 100.' }),
    ip: t.string({ description: 'IPv4 or IPv6 address it came from.' }),
    userAgent: t.string({ description: 'The client program as it calls itself; up to 2,000 characters.' }),
    device: t.string({ description: 'The device; up to 200 characters.' }),
    session: t.string({ description: 'Your id of the session; up to 200 characters.' }),
    request: t.string({ description: 'Your id of the request; up to 200 characters.' }),
    location: t.string({ description: 'Where in the world, such as `Vienna, AT`; up to 200 characters.' }),
    changes: t.field({ type: [ChangeInputRef], description: 'What was changed, field by field; at most 200.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'Whatever else belongs to it: an object, nested at most 20 levels.',
    }),
  }),
});
