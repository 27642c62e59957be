/** An organization with a principal for each way of seeing, made as the composition root makes them. */
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Environment } from './program.ts';

/** Vaults of the test organization, by external id; the member administers the first. */
export const vaults = ['vault-it', 'vault-hr', 'vault-board'] as const;

export interface Tokens {
  readonly owner: string;
  /** A member that administers the first vault and does nothing itself. */
  readonly member: string;
  readonly integration: string;
}

/** Creates the organization in the database that `env` names; no server may be running on its data directory. */
export async function createOrganization(env: Environment, name = 'Test'): Promise<Tokens> {
  await using app = await openApp(readConfig({ DEMO: 'off', ...env }));
  // Awaited here: the app is closed when this returns.
  return await addOrganization(app, name);
}

/** The same through an app that is open. */
export async function addOrganization({ administration }: Pick<App, 'administration'>, name: string): Promise<Tokens> {
  const organization = await administration.createOrganization({ name });
  await administration.importWorld(organization, {
    members: [{ externalId: 'mara', name: 'Mara Lind', email: 'mara@nordwind.example', role: 'MEMBER' }],
    groups: [],
    directories: vaults.map((externalId) => ({ externalId, name: externalId, kind: 'VAULT', parentId: null })),
    grants: [{ directoryId: vaults[0], subject: { memberId: 'mara' }, level: 'ADMINISTRATOR' }],
  });
  const member = await administration.createToken(organization, { name: 'member', actsAs: { member: 'mara' } });
  const role = { name: 'integration', actsAs: { role: 'INTEGRATION' } };
  const integration = await administration.createToken(organization, role);
  return { owner: organization.ownerToken, member: member.token, integration: integration.token };
}
