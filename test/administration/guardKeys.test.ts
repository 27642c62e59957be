/** Whose keys are believed: issuers of JSON Web Tokens wait, and what they mint is no second person. */
import { expect, test } from 'vitest';
import type { JwtIssuerInput } from '../../src/administration/administration.ts';
import type { Principal } from '../../src/auth/auth.ts';
import type { Guard } from '../../src/model/guard.ts';
import { newMinter } from '../jwt/support.ts';
import { asAdmin, useTestApps } from '../support/app.ts';
import { askForAnn, type Council, guard, lookUp, newCouncil, operate, roleOf, settled, story } from './guardSupport.ts';

const clock = { now: Date.now() };
const at = useTestApps({ ACCESS_LOG: 'closed' }, [{ now: () => clock.now }]);
const admin = () => at.app.services.administration;

const set = ({ owner }: Council, setting: Partial<Guard>) =>
  admin().setGuard(owner, { operation: 'ROTATE_KEYS', delaySeconds: 0, secondPerson: false, ...setting });

const secret = 'a-secret-of-more-than-thirty-two-bytes-in-length';
const hs256: JwtIssuerInput = {
  name: 'Product',
  issuer: 'https://product.example',
  audience: 'annals',
  algorithms: ['HS256'],
  secrets: [secret],
  roles: ['MEMBER'],
  storedMembers: true,
};

test('an issuer waits, is the same when it is asked for again, and its secret is kept where nobody reads it', async () => {
  const council = await newCouncil(at.app);
  await set(council, { delaySeconds: 3600 });
  const asked = await admin().upsertJwtIssuer(council.owner, hs256);
  const again = await admin().upsertJwtIssuer(council.owner, hs256);
  expect(asked.pending).toMatchObject({ operations: ['ROTATE_KEYS'], state: 'PENDING' });
  expect([again.id, again.pending?.id]).toEqual([asked.id, asked.pending?.id]);
  expect(await admin().jwtIssuers(council.owner)).toEqual([]);
  const rows = await asAdmin(at.database, 'select * from pending_change');
  const page = await at.app.services.query.logs(council.owner, { first: 100 });
  const shown = JSON.stringify([rows, page, asked, await admin().pendingChanges(council.olga, {})]);
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain(Buffer.from(secret).toString('base64').slice(4, 40));
  clock.now += 3600_000;
  expect(await settled(at.app, council, asked.pending?.id ?? '')).toMatchObject({ state: 'DONE' });
  expect(await admin().jwtIssuers(council.owner)).toMatchObject([{ id: asked.id, keySource: 'SECRETS' }]);
  const [row] = await asAdmin<{ secrets: Buffer[] }>(at.database, 'select secrets from jwt_issuer where id = $1', [
    asked.id,
  ]);
  expect(row?.secrets.map(String)).toEqual([secret]);
  expect(await story(at.app, council)).toEqual([
    'Owner: settings_changed',
    'Owner: change_requested',
    'Owner: jwt_issuer_created',
    'Owner: change_carried_out',
  ]);
});

test('other keys of an issuer wait, and are judged by what it is then', async () => {
  const council = await newCouncil(at.app);
  await admin().upsertJwtIssuer(council.owner, hs256);
  await set(council, { secondPerson: true });
  const { pending, id } = await admin().upsertJwtIssuer(council.owner, { ...hs256, secrets: [`${secret}!`] });
  expect(await admin().upsertJwtIssuer(council.owner, hs256)).toMatchObject({ pending: null });
  expect(await admin().approveChange(council.olga, pending?.id ?? '')).toMatchObject({ state: 'DONE' });
  expect(await admin().jwtIssuers(council.owner)).toMatchObject([{ id }]);
});

test('a leaked key is easy to stop: an issuer is removed at once, and what waits does not bring it back', async () => {
  const council = await newCouncil(at.app);
  await admin().upsertJwtIssuer(council.owner, hs256);
  await set(council, { delaySeconds: 60, secondPerson: true });
  const { pending, id } = await admin().upsertJwtIssuer(council.owner, { ...hs256, secrets: [`${secret}!`] });
  await admin().approveChange(council.olga, pending?.id ?? '');
  expect(await admin().removeJwtIssuer(council.owner, id)).toBe(true);
  clock.now += 60_000;
  expect(await settled(at.app, council, pending?.id ?? '')).toMatchObject({ state: 'REFUSED', code: 'BAD_INPUT' });
  expect(await admin().jwtIssuers(council.owner)).toEqual([]);
});

test('a role that is gone by then is refused', async () => {
  const council = await newCouncil(at.app);
  await admin().upsertRole(council.owner, { key: 'GUEST', name: 'Guest' });
  await set(council, { delaySeconds: 60 });
  const { pending } = await admin().upsertJwtIssuer(council.owner, { ...hs256, roles: ['GUEST'] });
  await admin().removeRole(council.owner, 'GUEST');
  clock.now += 60_000;
  expect(await settled(at.app, council, pending?.id ?? '')).toMatchObject({ state: 'REFUSED', code: 'BAD_INPUT' });
});

test('an issuer that may speak for owners is a change of owners, too', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: 60 });
  expect(await admin().upsertJwtIssuer(council.owner, hs256)).toMatchObject({ pending: null });
  const { pending } = await admin().upsertJwtIssuer(council.owner, { ...hs256, roles: ['MEMBER', 'OWNER'] });
  expect(pending?.operations).toEqual(['ROTATE_KEYS', 'CHANGE_OWNERS']);
});

test('where keys take a second person, owners do: nobody makes that person itself', async () => {
  const council = await newCouncil(at.app);
  await set(council, { secondPerson: true });
  const { id } = await askForAnn(at.app, council.owner);
  await expect(admin().approveChange(council.owner, id)).rejects.toMatchObject({ code: 'NOT_ANOTHER_PERSON' });
  expect(await admin().approveChange(council.olga, id)).toMatchObject({ state: 'DONE' });
});

test('only an owner approves, although others may ask', async () => {
  const council = await newCouncil(at.app);
  await set(council, { secondPerson: true });
  await operate(at.app, council.to, 'ann', 'ADMINISTRATOR');
  const tokenOf = async (member: string): Promise<Principal> => {
    const { token } = await at.app.administration.createToken(council.to, { name: member, actsAs: { member } });
    return at.app.auth.authenticate(token);
  };
  const { pending } = await admin().upsertJwtIssuer(await tokenOf('adam'), hs256);
  await expect(admin().approveChange(await tokenOf('ann'), pending?.id ?? '')).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await admin().approveChange(council.olga, pending?.id ?? '')).toMatchObject({ state: 'DONE' });
});

test('a JWT neither asks nor approves: whoever holds the keys of its issuer mints one for anybody', async () => {
  const council = await newCouncil(at.app);
  const minter = await newMinter(at.app, council.owner, () => clock.now, { roles: ['OWNER'] });
  const as = async (subject: string) =>
    at.app.auth.authenticate(await minter.mint({ subject, annals: { role: undefined } }));
  await guard(at.app, council, { secondPerson: true });
  await expect(askForAnn(at.app, await as('owner'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const { id } = await askForAnn(at.app, council.owner);
  await expect(admin().approveChange(await as('olga'), id)).rejects.toMatchObject({ code: 'NOT_ANOTHER_PERSON' });
  // Nor does a token that it makes for the owner whom it names.
  const olga = await as('olga');
  await expect(admin().createToken(olga, { name: 'own', actsAs: { member: 'olga' } })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await lookUp(at.app, council, id)).toMatchObject({ state: 'PENDING', approvals: [] });
  expect(await roleOf(at.app, council, 'ann')).toBe('MEMBER');
});
