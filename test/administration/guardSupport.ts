/** An organization with three owners, and what its log says of guarded changes. */
import type { PendingChange } from '../../src/administration/administration.ts';
import type { App } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import type { Guard } from '../../src/model/guard.ts';
import { newOrganization, type TestOrganization } from '../support/app.ts';
import { acting, member } from './support.ts';

export interface Council {
  readonly to: TestOrganization;
  /** Owners, each with a token that the operator made. */
  readonly owner: Principal;
  readonly olga: Principal;
  readonly otto: Principal;
}

/** Beside the owners, ann is a member and adam an administrator. */
export async function newCouncil(app: App): Promise<Council> {
  const to = await newOrganization(app);
  await app.administration.importWorld(to, {
    members: [
      ...['olga', 'otto'].map((id) => ({ externalId: id, name: id, email: null, role: 'OWNER' })),
      { externalId: 'ann', name: 'ann', email: null, role: 'MEMBER' },
      { externalId: 'adam', name: 'adam', email: null, role: 'ADMINISTRATOR' },
    ],
    groups: [],
    directories: [],
    grants: [],
  });
  return { to, owner: to.owner, olga: await acting(app, to, 'olga'), otto: await acting(app, to, 'otto') };
}

/** The operator gives a role, or takes it: nothing holds it back. */
export const operate = (app: App, to: TestOrganization, id: string, role: string | null) =>
  app.administration.importWorld(to, {
    members: [{ externalId: id, name: id, email: null, role }],
    groups: [],
    directories: [],
    grants: [],
  });

export const guard = (
  app: App,
  { owner }: Council,
  { delaySeconds = 0, secondPerson = false }: Partial<Omit<Guard, 'operation'>>,
) => app.services.administration.setGuard(owner, { operation: 'CHANGE_OWNERS', delaySeconds, secondPerson });

/** Asks for ann to become an owner. */
export async function askForAnn(app: App, by: Principal): Promise<PendingChange> {
  const { pending } = await app.services.administration.upsertMembers(by, [member('ann', 'OWNER')]);
  if (pending === null) throw new TypeError('nothing was held back');
  return pending;
}

export const roleOf = async (app: App, { to }: Council, id: string): Promise<string | null> =>
  (await app.store.administration.readMembers(to.organization, [id]))[0]?.role ?? null;

/** As it is now, whoever asks. */
export async function lookUp(app: App, { owner }: Council, id: string): Promise<PendingChange> {
  for (const state of ['PENDING', 'DONE', 'REFUSED', 'CANCELLED', 'EXPIRED'] as const) {
    const { nodes } = await app.services.administration.pendingChanges(owner, { first: 500, state });
    const found = nodes.find((one) => one.id === id);
    if (found !== undefined) return found;
  }
  throw new TypeError(`there is no change ${id}`);
}

/** As it is once whatever is due has been carried out. */
export async function settled(app: App, council: Council, id: string): Promise<PendingChange> {
  await app.administration.due.run();
  return lookUp(app, council, id);
}

/** What the log says of administration, oldest first, by those who did it. */
export async function story(app: App, { to }: Council): Promise<string[]> {
  const { edges } = await app.services.query.logs(to.owner, {
    first: 500,
    filter: { category: { in: ['annals.administration'] } },
  });
  return edges.toReversed().map(({ entry }) => {
    const action = app.services.actions.key(entry.action).replace('annals.', '');
    return `${entry.actorName}: ${action}`;
  });
}
