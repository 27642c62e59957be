/** The description of an entry: names come from the entry itself; only where one is missing an id is looked up. */
import type { DescriptionFields } from '../catalogue/catalogue.ts';
import type { Entry } from '../model/entry.ts';
import { actionFor } from './absent.ts';
import type { AnnalsContext } from './context.ts';
import { loadersOf } from './previewed.ts';

interface LookedUp {
  readonly actor: string | null;
  readonly affectedUser: string | null;
  readonly directory: string | null;
  readonly vault: string | null;
}

const nothing: LookedUp = { actor: null, affectedUser: null, directory: null, vault: null };

function fieldsOf(entry: Entry, ids: LookedUp): DescriptionFields {
  const place = (name: string | null, id: string | null) => (name === null && id === null ? null : { id, name });
  return {
    actor: { type: entry.actorType, id: ids.actor, name: entry.actorName, email: entry.actorEmail },
    affectedUser: { id: ids.affectedUser, name: entry.affectedUserName, email: entry.affectedUserEmail },
    directory: place(entry.directoryName, ids.directory),
    vault: place(entry.vaultName, ids.vault),
    targets: entry.targets,
    ip: entry.ip,
    device: entry.device,
    component: entry.component,
    changes: entry.changes,
    metadata: entry.metadata,
  };
}

/** One line of plain text in the language of `locale`; a promise only where an id must be looked up. */
export function describeEntry(entry: Entry, locale: string, context: AnnalsContext): string | Promise<string> {
  const { services } = context;
  const action = actionFor(services.catalogue, services.actions.key(entry.action));
  const render = (ids: LookedUp): string => services.catalogue.describe(action, fieldsOf(entry, ids), locale);

  const nameless = {
    actor: entry.actorName === null && entry.actorEmail === null ? entry.actor : null,
    affectedUser: entry.affectedUserName === null && entry.affectedUserEmail === null ? entry.affectedUser : null,
    directory: entry.directoryName === null ? entry.directory : null,
    vault: entry.vaultName === null ? entry.vault : null,
  };
  if (Object.values(nameless).every((number) => number === null)) return render(nothing);

  const loaders = loadersOf(context, entry);
  const person = async (number: number | null) =>
    number === null ? null : (await loaders.actor.load(number)).externalId;
  const place = async (number: number | null) =>
    number === null ? null : (await loaders.directory.load(number)).externalId;
  return Promise.all([
    person(nameless.actor),
    person(nameless.affectedUser),
    place(nameless.directory),
    place(nameless.vault),
  ]).then(([actor, affectedUser, directory, vault]) => render({ actor, affectedUser, directory, vault }));
}
