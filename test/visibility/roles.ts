/** Organizations with roles of their own, for the tests of explanations and previews. */
import fc from 'fast-check';
import { accessLevels, type HideableField, type Permission } from '../../src/model/role.ts';
import { openReadingLog, type ReadingLog } from '../query/support.ts';
import { raiseRights } from '../support/app.ts';
import type { TestApp } from '../support/readingApp.ts';

export interface OwnRole {
  readonly permissions: Permission[];
  readonly categories: string[];
  readonly allCategories: boolean;
  readonly scope: 'ALL' | 'GRANTED' | 'NONE';
  readonly minimumAccessLevel: (typeof accessLevels)[number];
  readonly ownActivity: boolean;
  readonly hiddenFields: HideableField[];
}

const plain: OwnRole = {
  permissions: ['READ'],
  categories: [],
  allCategories: true,
  scope: 'GRANTED',
  minimumAccessLevel: 'ADMINISTRATOR',
  ownActivity: true,
  hiddenFields: [],
};

/** Defines a role and gives it to the member. */
export async function giveRole({ app }: TestApp, log: ReadingLog, member: string, key: string, role: Partial<OwnRole>) {
  const { organization: organizationId } = log.organization;
  const data = { ...plain, ...role, organizationId, key, name: key, description: 'Made for a test.' };
  await app.store.prisma.role.upsert({
    where: { organizationId_key: { organizationId, key } },
    create: data,
    update: data,
  });
  await app.store.prisma.member.updateMany({
    where: { organizationId, externalId: member },
    data: { role: key, status: 'ACTIVE' },
  });
  await raiseRights(app, organizationId);
}

export const tokenAs = async ({ app }: TestApp, log: ReadingLog, member: string) =>
  (await app.administration.createToken(log.organization, { name: member, actsAs: { member } })).token;

const ownRole = (categories: readonly string[]): fc.Arbitrary<Partial<OwnRole>> =>
  fc.record({
    permissions: fc.constantFrom<Permission[]>(['READ'], ['READ'], ['READ'], ['RECORD']),
    categories: fc.shuffledSubarray([...categories]),
    allCategories: fc.boolean(),
    scope: fc.constantFrom('ALL', 'GRANTED', 'GRANTED', 'GRANTED', 'NONE'),
    minimumAccessLevel: fc.constantFrom(...accessLevels),
    ownActivity: fc.boolean(),
  });

/** A random log whose members m1 and m2 have random roles of the organization’s own. */
export async function openWorld(app: TestApp, seed: number): Promise<ReadingLog> {
  const log = await openReadingLog(app, seed, 60);
  const categories = app.app.services.catalogue.categories.map((category) => category.key);
  const roles = fc.sample(fc.noBias(ownRole(categories)), { numRuns: 2, seed });
  for (const [index, role] of roles.entries()) await giveRole(app, log, `m${index + 1}`, `OWN_${index}`, role);
  return log;
}

/** Mara's group administers a vault, is closed out of a folder in it, and administers a folder in that again. */
export async function openClosedFolder(at: TestApp): Promise<{ readonly log: ReadingLog; readonly token: string }> {
  const log = await openReadingLog(at, 40, 1);
  const { administration } = at.app;
  const place = (externalId: string, parentId: string | null) =>
    ({ externalId, name: externalId, kind: parentId === null ? 'VAULT' : 'FOLDER', parentId }) as const;
  await administration.importWorld(log.organization, {
    members: [{ externalId: 'mara', name: 'Mara', email: null, role: 'MEMBER' }],
    groups: [{ externalId: 'ops', name: 'Operations', memberIds: ['mara'] }],
    directories: [place('vault', null), place('closed', 'vault'), place('again', 'closed'), place('zero', null)],
    grants: [
      { directoryId: 'vault', subject: { groupId: 'ops' }, level: 'ADMINISTRATOR' },
      { directoryId: 'closed', subject: { groupId: 'ops' }, level: 'READ' },
      { directoryId: 'closed', subject: { memberId: 'mara' }, level: 'EDIT' },
      { directoryId: 'again', subject: { groupId: 'ops' }, level: 'ADMINISTRATOR' },
      { directoryId: 'zero', subject: { memberId: 'mara' }, level: 'FULL_ACCESS' },
    ],
  });
  return { log, token: await tokenAs(at, log, 'mara') };
}
