import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { createToken, isToken } from '../../src/model/token.ts';
import { systemRandom } from '../../src/model/uuid.ts';
import { openRememberedLog, openTestApp, type RememberedLog, type TestApp } from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
const person = { externalId: 'mara', name: 'Mara', email: null };

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  const members = [{ ...person, role: 'MEMBER' }];
  await at.app.administration.importWorld(log.organization, { members, groups: [], directories: [], grants: [] });
});
afterAll(() => at?.[Symbol.asyncDispose]());

const asMember = { name: 'of mara', actsAs: { member: 'mara' } };

test('a token is kept as a hash only: its text, or the random part of it, stands in no column of any table', async () => {
  const { token } = await at.app.administration.createToken(log.organization, asMember);
  await at.app.auth.authenticate(token);
  const client = new pg.Client({ connectionString: at.database.adminUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'",
    );
    expect(tables.length).toBeGreaterThan(10);
    // A row as text holds every column; bytes stand in it as hexadecimal digits.
    const needles = [token, token.slice(7, 39), token.slice(-12)].flatMap((text) => [
      text,
      Buffer.from(text).toString('hex'),
      Buffer.from(text).toString('base64'),
    ]);
    for (const { name } of tables) {
      const { rows } = await client.query(`select from ${name} t, unnest($1::text[]) n where strpos(t::text, n) > 0`, [
        needles,
      ]);
      expect([name, rows.length]).toEqual([name, 0]);
    }
    const { rows } = await client.query('select from api_token t where octet_length(hash) = 32 and prefix = $1', [
      token.slice(0, 11),
    ]);
    expect(rows).toHaveLength(1);
  } finally {
    await client.end();
  }
});

test('authenticating takes one statement, and none for what is no token', async () => {
  const { token } = await at.app.administration.createToken(log.organization, asMember);
  const statements: string[] = [];
  using _ = at.app.store.observe((text) => statements.push(text));
  expect(await at.app.auth.authenticate(token)).toMatchObject({
    kind: 'MEMBER',
    name: 'Mara',
    role: { key: 'MEMBER' },
  });
  expect(statements).toHaveLength(1);
  await at.app.auth.authenticate(`${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`).catch(() => {});
  expect(statements).toHaveLength(1);
});

/** Each gives a credential that must be refused. */
const refused: Record<string, () => Promise<string>> = {
  revoked: async () => {
    const { id, token } = await at.app.administration.createToken(log.organization, asMember);
    await at.app.auth.authenticate(token);
    await at.app.administration.revokeToken(log.organization, id);
    return token;
  },
  expired: async () => {
    const { clock } = at;
    const expiresAt = clock.now + 1000;
    const { token } = await at.app.administration.createToken(log.organization, { ...asMember, expiresAt });
    clock.now = expiresAt - 1;
    await at.app.auth.authenticate(token);
    clock.now = expiresAt;
    return token;
  },
  'of a suspended member': async () => {
    const { organization: organizationId } = log.organization;
    const members = [{ externalId: 'sus', name: 'Sus', email: null, role: 'OWNER' }];
    await at.app.administration.importWorld(log.organization, { members, groups: [], directories: [], grants: [] });
    const { token } = await at.app.administration.createToken(log.organization, {
      name: 's',
      actsAs: { member: 'sus' },
    });
    await at.app.auth.authenticate(token);
    const where = { organizationId, externalId: 'sus' };
    await at.app.store.prisma.member.updateMany({ where, data: { status: 'SUSPENDED' } });
    return token;
  },
  'of a member without a role': async () => {
    const members = [{ externalId: 'none', name: 'None', email: null, role: null }];
    await at.app.administration.importWorld(log.organization, { members, groups: [], directories: [], grants: [] });
    return (await at.app.administration.createToken(log.organization, { name: 'n', actsAs: { member: 'none' } })).token;
  },
  unknown: async () => createToken(systemRandom),
  malformed: async () => 'annals_nonsense',
  empty: async () => '',
  'with a space': async () => `${createToken(systemRandom)} `,
};

test.each(Object.entries(refused))('a token %s is UNAUTHENTICATED', async (_, make) => {
  const token = await make();
  const error: unknown = await at.app.auth.authenticate(token).catch((reason: unknown) => reason);
  if (!(error instanceof AnnalsError)) throw new TypeError(`not refused: ${String(error)}`);
  expect({ code: error.code, path: error.path, retryAfterMs: error.retryAfterMs }).toEqual({
    code: 'UNAUTHENTICATED',
    path: undefined,
    retryAfterMs: undefined,
  });
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  expect(error.cure).toMatch(/token/);
  if (token !== '') expect(`${error.message} ${error.cure}`).not.toContain(token);
});

test('refresh takes up the role of today and refuses what authenticate would', async () => {
  const { administration, auth } = at.app;
  const world = (role: string | null) => ({ members: [{ ...person, role }], groups: [], directories: [], grants: [] });
  const { id, token } = await administration.createToken(log.organization, asMember);
  const before = await auth.authenticate(token);
  await administration.importWorld(log.organization, world('AUDITOR'));
  const after = await auth.refresh(before);
  expect([before.role.key, after.role.key]).toEqual(['MEMBER', 'AUDITOR']);
  expect(after.rightsVersion).toBeGreaterThan(before.rightsVersion);
  await administration.importWorld(log.organization, world('MEMBER'));
  await administration.revokeToken(log.organization, id);
  await expect(auth.refresh(before)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('tokens are all different, and recognised by their form', async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, () => at.app.administration.createToken(log.organization, asMember)),
  );
  expect(new Set(made.map((one) => one.token)).size).toBe(20);
  expect(made.every((one) => isToken(one.token))).toBe(true);
});
