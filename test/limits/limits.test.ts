/** Rates and quotas of tokens and organizations over every transport, with a clock that the test turns. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import type { Http } from '../../src/http/http.ts';
import { codeOf, send, transports } from '../http/support.ts';
import { newMinter } from '../jwt/support.ts';
import { newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';

const day = 86_400_000;
const clock = { now: Math.floor(Date.now() / day) * day + day / 2 };
const now = () => clock.now;
const at = useTestApps({ RATE_BURST_SECONDS: '2' }, [{ now }, { now }]);
const admin = () => at.app.services.administration;

let http: Http;
let to: TestOrganization;
beforeAll(async () => {
  http = await at.app.listen();
});
beforeEach(async () => {
  to = await newOrganization(at.app);
});
afterAll(() => http?.[Symbol.asyncDispose]());

const make = (limits: object = {}, role = 'INTEGRATION') =>
  admin().createToken(to.owner, { name: 't', actsAs: { role }, limits });
const viewer = '{ viewer { role { key } } }';
const recording =
  'mutation($entries: [EntryInput!]!) { recordLogs(input: { entries: $entries }) { results { status } } }';

/** The whole HTTP answer. */
async function ask(token: string, query = viewer, entries = 0) {
  const { status, headers, body } = await send(
    http.port,
    {
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    },
    JSON.stringify({ query, variables: { entries: plainEntries(entries) } }),
  );
  const answer = JSON.parse(body);
  return { status, headers, answer, code: answer.errors?.[0]?.extensions.code, error: answer.errors?.[0] };
}
const record = (token: string, entries: number) => ask(token, recording, entries);
const recorded = async (organization = to) =>
  (await at.app.services.query.logs(organization.owner, { first: 500 })).edges.length;

test('without limits nothing is said of any', async () => {
  const { token } = await make();
  const { status, headers } = await ask(token);
  expect(status).toBe(200);
  expect(headers).not.toHaveProperty('ratelimit');
  expect(headers).not.toHaveProperty('ratelimit-policy');
});

describe('requests in a second', () => {
  test('beyond the burst are refused with 429 and when to come again; each answer says what is left', async () => {
    const { token } = await make({ requestsPerSecond: 2 });
    const answers = [];
    for (let index = 0; index < 5; index++) answers.push(await ask(token));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers.ratelimit)).toEqual([
      '"token";r=3;t=1',
      '"token";r=2;t=1',
      '"token";r=1;t=2',
      '"token";r=0;t=2',
      '"token";r=0;t=2',
    ]);
    const refused = answers.at(-1);
    expect(refused?.headers).toMatchObject({ 'ratelimit-policy': '"token";q=4;w=2', 'retry-after': '1' });
    expect(refused?.error).toMatchObject({
      message: '2 requests a second are allowed to this credential, and more were sent.',
      extensions: { code: 'RATE_LIMITED', retryAfterMs: 500 },
    });
    clock.now += 500;
    expect((await ask(token)).status).toBe(200);
    expect((await ask(token)).status).toBe(429);
    // Another token of the same organization has its own.
    expect((await ask((await make({ requestsPerSecond: 2 })).token)).status).toBe(200);
  });

  test.each(Object.entries(transports))('are refused alike over %s', async (_, over) => {
    const { token } = await make({ requestsPerSecond: 1 });
    const answers = [];
    for (let index = 0; index < 3; index++) answers.push(await over(http.port, { query: viewer, token }));
    expect(answers.map(codeOf)).toEqual([undefined, undefined, 'RATE_LIMITED']);
    clock.now += 1000;
    expect(codeOf(await over(http.port, { query: viewer, token }))).toBeUndefined();
  });

  test('count for the organization, too, whoever sends them; a refusal costs the token nothing', async () => {
    await at.app.administration.limitOrganization(to, { requestsPerSecond: 1 });
    const [one, two] = [(await make({ requestsPerSecond: 5 })).token, (await make()).token];
    expect((await ask(one)).headers.ratelimit).toBe('"token";r=9;t=1, "organization";r=1;t=1');
    expect((await ask(two)).headers.ratelimit).toBe('"organization";r=0;t=2');
    const { error, headers } = await ask(one);
    expect(error.message).toContain('allowed to the organization');
    expect(headers.ratelimit).toBe('"token";r=9;t=1, "organization";r=0;t=2');
    const metrics = (await send(http.port, { path: '/metrics' })).body;
    expect(metrics).toMatch(/annals_limit_refusals_total\{of="organization",limit="requests"\} [1-9]/);
    // Others are not concerned.
    const other = await newOrganization(at.app);
    expect((await ask(other.ownerToken)).status).toBe(200);
    await at.app.administration.limitOrganization(to, { requestsPerSecond: null });
    expect((await ask(two)).status).toBe(200);
  });

  test('of both secrets of a token are those of one token', async () => {
    const first = await make({ requestsPerSecond: 1 });
    const rotated = await admin().rotateToken(to.owner, { id: first.id, overlapSeconds: 60, endOlder: false });
    const statuses = [];
    for (const token of [first.token, rotated?.token ?? '', first.token]) statuses.push((await ask(token)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('of a person by JWT are counted together, whatever rights each token states', async () => {
    const limited = await limitedApp();
    const minter = await newMinter(limited.app, limited.to.owner, now, { roles: ['MEMBER', 'AUDITOR'] });
    const statuses = [];
    for (const role of ['MEMBER', 'AUDITOR', 'MEMBER']) {
      const token = await minter.mint({ subject: 'mia', annals: { role } });
      const principal = await limited.app.auth.authenticate(token);
      statuses.push(limited.admit(principal));
    }
    const other = await limited.app.auth.authenticate(
      await minter.mint({ subject: 'noa', annals: { role: 'MEMBER' } }),
    );
    expect([...statuses, limited.admit(other)]).toEqual([true, true, false, true]);
  });
});

const jwtApps = useTestApps({ TOKEN_REQUESTS_PER_SECOND: '1', RATE_BURST_SECONDS: '2' }, [{ now }]);
async function limitedApp() {
  const { app } = jwtApps;
  const admit = (principal: Principal) => app.limits.admit(principal)?.refused === null;
  return { app, to: await newOrganization(app), admit };
}

describe('entries in a second', () => {
  test('are given back where a request is refused for another reason', async () => {
    const { token } = await make({ entriesPerSecond: 10 });
    expect(await record(token, 1001)).toMatchObject({ status: 200, code: 'TOO_MANY_ENTRIES' });
    expect((await record(token, 10)).code).toBeUndefined();
  });

  test('are no 429 where another field of the operation may have been done', async () => {
    const { token } = await make({ entriesPerSecond: 5 });
    const one = 'recordLogs(input: { entries: $entries }) { results { status } }';
    const twice = `mutation($entries: [EntryInput!]!) { a: ${one} b: ${one} }`;
    expect(await ask(token, twice, 10)).toMatchObject({ status: 200, code: 'RATE_LIMITED' });
    expect(await recorded()).toBe(10);
  });

  test('are refused as a whole, before anything is recorded, with 429; a large request waits for a full bucket', async () => {
    const { token } = await make({ entriesPerSecond: 10 });
    expect((await record(token, 15)).status).toBe(200);
    const refused = await record(token, 6);
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED', headers: { 'retry-after': '1' } });
    expect(refused.answer.data).toBeNull();
    expect(refused.error.extensions.retryAfterMs).toBe(100);
    expect(await recorded()).toBe(15);
    clock.now += 100;
    expect((await record(token, 6)).status).toBe(200);
    expect((await record(token, 50)).error.extensions.retryAfterMs).toBe(2000);
    clock.now += 2000;
    expect((await record(token, 50)).status).toBe(200);
    expect((await record(token, 1)).error.extensions.retryAfterMs).toBe(3100);
    expect(await recorded()).toBe(71);
  });
});

describe('entries in a day', () => {
  const sync = async () => {
    for (const app of at.apps) await app.limits.sync();
  };
  const other = async (entries: number, token: string) => {
    const app = at.apps[1];
    if (app === undefined) throw new TypeError('there is no second server');
    const principal = await app.auth.authenticate(token);
    return app.limits.record(principal, plainEntries(entries), {}).then(
      () => 'RECORDED',
      ({ code }) => code,
    );
  };

  test('are refused as a whole beyond the quota, until midnight in UTC', async () => {
    const { token } = await make({ entriesPerDay: 10 });
    expect((await record(token, 7)).status).toBe(200);
    const refused = await record(token, 4);
    expect(refused).toMatchObject({
      status: 429,
      code: 'QUOTA_EXCEEDED',
      headers: { 'retry-after': String(Math.ceil((day - (clock.now % day)) / 1000)) },
    });
    expect(refused.error.message).toContain('3 are left until 00:00 UTC, and the request has 4');
    expect((await record(token, 3)).status).toBe(200);
    expect(await recorded()).toBe(10);
    // Reading is not limited by it.
    expect((await ask(token)).status).toBe(200);
    clock.now += day - (clock.now % day);
    expect((await record(token, 10)).status).toBe(200);
    expect((await record(token, 1)).code).toBe('QUOTA_EXCEEDED');
  });

  test('do not count what was a repeat, or was not recorded', async () => {
    const { token } = await make({ entriesPerDay: 5 });
    const principal = await at.app.auth.authenticate(token);
    const entries = plainEntries(4).map((entry, index) => ({ ...entry, idempotencyKey: `k${index}` }));
    const { limits } = at.app;
    await limits.record(principal, entries, {});
    await expect(limits.record(principal, entries, {})).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await limits.record(principal, entries.slice(0, 1), {});
    await limits.record(principal, [{ action: 'no.such' }], {});
    await limits.record(principal, plainEntries(1), {});
    await expect(limits.record(principal, plainEntries(1), {})).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  test('that are being recorded are counted: many requests at once record no more than the quota', async () => {
    await at.app.administration.limitOrganization(to, { entriesPerDay: 50 });
    const { token } = await make();
    const answers = await Promise.all(Array.from({ length: 20 }, () => record(token, 7)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(await recorded()).toBe(49);
  });

  test('on another server are known once both have written, and at once to one that did not know of the token', async () => {
    const { token } = await make({ entriesPerDay: 10 });
    expect((await record(token, 4)).status).toBe(200);
    await sync();
    expect(await other(7, token)).toBe('QUOTA_EXCEEDED');
    expect(await other(5, token)).toBe('RECORDED');
    await sync();
    await sync();
    expect((await record(token, 2)).code).toBe('QUOTA_EXCEEDED');
    expect((await record(token, 1)).status).toBe(200);
    await sync();
    await sync();
    expect(await other(1, token)).toBe('QUOTA_EXCEEDED');
  });

  test('are not forgotten by a server that has nothing to do for a while, nor is a raised quota late', async () => {
    const { token, id } = await make({ entriesPerDay: 5 });
    expect((await record(token, 5)).status).toBe(200);
    await sync();
    clock.now += 120_000;
    await sync();
    await sync();
    expect((await record(token, 1)).code).toBe('QUOTA_EXCEEDED');
    await admin().updateToken(to.owner, { id, limits: { entriesPerDay: 6 } });
    expect((await record(token, 1)).status).toBe(200);
  });

  test('take no statement but one at the first', async () => {
    const { token } = await make({ entriesPerDay: 100, requestsPerSecond: 1000, entriesPerSecond: 1000 });
    const principal = await at.app.auth.authenticate(token);
    const statements: string[] = [];
    using _ = at.app.store.observe((text) => statements.push(text));
    for (let index = 0; index < 5; index++) await at.app.limits.record(principal, plainEntries(1), {});
    expect(statements.filter((text) => text.includes('entry_count'))).toHaveLength(1);
  });
});

describe('limits of a token', () => {
  test('are shown, changed one by one, taken away with null, and told', async () => {
    const { id } = await make({ requestsPerSecond: 5, entriesPerDay: 0 });
    const limits = async (change: object) => (await admin().updateToken(to.owner, { id, limits: change }))?.limits;
    expect(await limits({ entriesPerSecond: 7 })).toEqual({
      requestsPerSecond: 5,
      entriesPerSecond: 7,
      entriesPerDay: 0,
    });
    expect(await limits({ requestsPerSecond: null })).toEqual({ entriesPerSecond: 7, entriesPerDay: 0 });
    expect(await limits({ entriesPerSecond: null, entriesPerDay: null })).toBeNull();
  });

  test.each([-1, 0.5, 1_000_000_001])('of %s are a mistake', async (entriesPerDay) => {
    const mistake = { code: 'BAD_INPUT', path: 'limits.entriesPerDay' };
    await expect(make({ entriesPerDay })).rejects.toMatchObject(mistake);
    await expect(at.app.administration.limitOrganization(to, { entriesPerDay })).rejects.toMatchObject(mistake);
  });
});
