/** A token is given a new secret: one token with two secrets for a while, and with one after that. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { watch } from '../live/watch.ts';
import { newMember, newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';
import { askForAnn, guard, lookUp, newCouncil, story } from './guardSupport.ts';
import { acting, member } from './support.ts';

const hour = 3_600_000;
const clock = { now: Date.now() };
const now = () => clock.now;
const at = useTestApps({ ACCESS_LOG: 'closed', LIVE_HEARTBEAT_SECONDS: '3600' }, [{ now }, { now }]);
const admin = () => at.app.services.administration;
const authenticate = (token: string) => at.app.auth.authenticate(token);
const ended = { code: 'UNAUTHENTICATED' };

let to: TestOrganization;
beforeEach(async () => {
  to = await newOrganization(at.app);
});

async function rotate(by: Principal, id: string, overlapSeconds = 3600, endOlder = false) {
  const rotated = await admin().rotateToken(by, { id, overlapSeconds, endOlder });
  if (rotated === null) throw new TypeError('there is no such token');
  return rotated;
}
const make = (name = 'turning') => admin().createToken(to.owner, { name, actsAs: { role: 'INTEGRATION' } });

test('both secrets are the same token until the overlap is over, then the new one alone is', async () => {
  const first = await make();
  const second = await rotate(to.owner, first.id);
  expect(second.id).toBe(first.id);
  expect(second.token).not.toBe(first.token);
  const [old, fresh] = [await authenticate(first.token), await authenticate(second.token)];
  const { secret: _, expiresAt, ...same } = old;
  expect(fresh).toEqual({ ...same, secret: 2, expiresAt: null });
  expect(expiresAt).toBe(clock.now + hour);
  // As idempotency sees it, too.
  const [entry] = plainEntries(1).map((one) => ({ ...one, idempotencyKey: 'k' }));
  if (entry === undefined) throw new TypeError('no entry');
  const statuses = [];
  for (const principal of [old, fresh])
    statuses.push((await at.app.services.log.append(principal, [entry]))[0]?.status);
  expect(statuses).toEqual(['CREATED', 'REPEATED']);

  clock.now += hour;
  await expect(authenticate(first.token)).rejects.toMatchObject(ended);
  await expect(at.app.auth.refresh(old)).rejects.toMatchObject(ended);
  await expect(authenticate(second.token)).resolves.toMatchObject({ tokenId: first.id });
  await admin().revokeToken(to.owner, first.id);
  await expect(authenticate(second.token)).rejects.toMatchObject(ended);
});

test('is shown with both beginnings and told in the log, and neither secret stands anywhere', async () => {
  const first = await make();
  const { record, token } = await rotate(to.owner, first.id);
  expect(record).toMatchObject({
    id: first.id,
    prefix: token.slice(0, 11),
    previousPrefix: first.token.slice(0, 11),
    rotatedAt: clock.now,
    previousEndsAt: clock.now + hour,
  });
  const { nodes } = await admin().tokens(to.owner, {});
  expect(nodes.find(({ id }) => id === first.id)).toEqual(record);
  const { edges } = await at.app.services.query.logs(to.owner, { first: 10 });
  const told = edges.find(({ entry }) => at.app.services.actions.key(entry.action) === 'annals.token_rotated')?.entry;
  expect(told).toMatchObject({
    targets: [{ type: 'token', id: first.id, name: 'turning' }],
    changes: [
      { field: 'prefix', before: first.token.slice(0, 11), after: token.slice(0, 11) },
      { field: 'previousEndsAt', before: null, after: new Date(clock.now + hour).toISOString() },
    ],
  });
  for (const text of [first.token, token]) expect(JSON.stringify([edges, nodes])).not.toContain(text.slice(11));
});

test('never outlives the token, and ends at once without an overlap', async () => {
  const expiresAt = clock.now + hour / 2;
  const short = await admin().createToken(to.owner, { name: 'short', actsAs: { role: 'INTEGRATION' }, expiresAt });
  const { record } = await rotate(to.owner, short.id);
  expect(record).toMatchObject({ expiresAt, previousEndsAt: expiresAt });
  const leaked = await make();
  const { token } = await rotate(to.owner, leaked.id, 0);
  await expect(authenticate(leaked.token)).rejects.toMatchObject(ended);
  await expect(authenticate(token)).resolves.toMatchObject({ tokenId: leaked.id });
});

test('while one is under way another is refused, unless it is said that the older secret ends at once', async () => {
  const first = await make();
  const second = await rotate(to.owner, first.id);
  await expect(rotate(to.owner, first.id)).rejects.toMatchObject({
    code: 'BAD_INPUT',
    path: 'id',
    cure: expect.stringContaining('endOlder'),
  });
  const third = await rotate(to.owner, first.id, 3600, true);
  await expect(authenticate(first.token)).rejects.toMatchObject(ended);
  await expect(authenticate(second.token)).resolves.toMatchObject({ secret: 2 });
  await expect(authenticate(third.token)).resolves.toMatchObject({ secret: 3 });
  clock.now += hour;
  await expect(rotate(to.owner, first.id)).resolves.toBeTruthy();
});

const mistakes: readonly [string, (id: string) => Promise<unknown>][] = [
  ['no id', () => rotate(to.owner, 'nothing')],
  ['a negative overlap', (id) => rotate(to.owner, id, -1)],
  ['an overlap of more than 30 days', (id) => rotate(to.owner, id, 30 * 86_400 + 1)],
  ['a part of a second', (id) => rotate(to.owner, id, 0.5)],
  [
    'a token that was revoked',
    async (id) => {
      await admin().revokeToken(to.owner, id);
      return rotate(to.owner, id);
    },
  ],
];
test.each(mistakes)('%s is a mistake, and changes nothing', async (_, attempt) => {
  const { id, token } = await make();
  const before = await authenticate(token);
  await expect(attempt(id)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await authenticate(token).then(
    (after) => expect({ ...after, rightsVersion: 0 }).toEqual({ ...before, rightsVersion: 0 }),
    (error) => expect(error).toMatchObject({ message: 'The token is unknown or revoked.' }),
  );
});

test('there is none with an unknown id, or one of another organization', async () => {
  const { id, token } = await make();
  const request = { overlapSeconds: 0, endOlder: true };
  expect(await admin().rotateToken((await newOrganization(at.app)).owner, { ...request, id })).toBeNull();
  const unknown = '01890000-0000-7000-8000-000000000000';
  expect(await admin().rotateToken(to.owner, { ...request, id: unknown })).toBeNull();
  await expect(authenticate(token)).resolves.toMatchObject({ secret: 1 });
});

test('a stream of the secret of before ends when the overlap does, with the notice of an expiry; one of the new goes on', async () => {
  const real = await newOrganizationNow();
  const { principal, tokenId } = await newMember(real.app, real.to, { id: 'mia', vaults: ['hers'] });
  await using old = await watch(real.app, principal);
  const request = { id: tokenId, overlapSeconds: 1, endOlder: false };
  const rotated = await real.app.services.administration.rotateToken(real.to.owner, request);
  await using fresh = await watch(real.app, await real.app.auth.authenticate(rotated?.token ?? ''));
  const start = performance.now();
  await old.ended;
  expect(performance.now() - start).toBeLessThan(2000);
  expect(old.batches.at(-1)?.notice).toEqual({ code: 'UNAUTHENTICATED', message: 'The credential has expired.' });
  await real.app.services.log.append(real.to, plainEntries(1, { vault: { id: 'hers' } }));
  await fresh.received(1);
});

const live = useTestApps({ LIVE_HEARTBEAT_SECONDS: '3600' });
const newOrganizationNow = async () => ({ app: live.app, to: await newOrganization(live.app) });

describe('who rotates a token knows it', () => {
  test('so it takes as much as making one that acts so', async () => {
    await admin().upsertMembers(to.owner, [member('adam', 'ADMINISTRATOR')]);
    const adam = await acting(at.app, to, 'adam');
    await expect(rotate(adam, to.owner.tokenId)).rejects.toMatchObject({ code: 'ESCALATION' });
    const { id, token } = await make();
    await rotate(adam, id);
    await expect(authenticate(token)).resolves.toMatchObject({ makers: ['adam', 'owner'] });
  });

  test('and is no other person than its member from then on', async () => {
    const council = await newCouncil(at.app);
    const { token } = await rotate(council.owner, council.olga.tokenId, 0);
    const disguised = await authenticate(token);
    expect(disguised).toMatchObject({ member: { externalId: 'olga' } });
    expect(disguised.makers).toContain('owner');
    await guard(at.app, council, { secondPerson: true });
    const { id } = await askForAnn(at.app, council.owner);
    await expect(admin().approveChange(disguised, id)).rejects.toMatchObject({ code: 'NOT_ANOTHER_PERSON' });
  });

  test('so that of an owner’s waits where owners are guarded, unless it is its own', async () => {
    const council = await newCouncil(at.app);
    await guard(at.app, council, { secondPerson: true });
    const mine = await acting(at.app, council.to, 'otto');
    const asked = await rotate(council.owner, mine.tokenId);
    expect(asked).toMatchObject({ pending: { operations: ['CHANGE_OWNERS'] }, record: { previousEndsAt: null } });
    await expect(authenticate(asked.token)).rejects.toMatchObject(ended);
    await at.app.auth.refresh(mine);
    await admin().approveChange(council.olga, asked.pending?.id ?? '');
    expect(await lookUp(at.app, council, asked.pending?.id ?? '')).toMatchObject({ state: 'DONE' });
    await expect(authenticate(asked.token)).resolves.toMatchObject({ secret: 2 });
    expect(await story(at.app, council)).toContain('Owner: token_rotated');
  });
});
