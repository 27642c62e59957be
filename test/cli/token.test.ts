import { describe, expect, it } from 'vitest';
import { annals } from '../support/program.ts';
import { startSite } from '../support/site.ts';
import { objectsOf, useTestServer } from './support.ts';

const site = useTestServer();
const secret = /^annals_\w{30,}\n$/;

describe('annals token', () => {
  it('makes a token that stands alone on standard output, lists it without its secret, and ends it', async () => {
    const log = await site.newLog();
    const made = await log.run('token', 'create', 'forwarder two', '--role', 'INTEGRATION', '--expires', '90d');
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(secret);
    expect(made.stderr).toMatch(/^Made the token forwarder two \([0-9a-f-]{36}\)\. It is not shown again:\n$/);
    expect(made.stderr).not.toContain(made.stdout.trim());
    const token = made.stdout.trim();
    expect((await annals(['record', 'passwork.item_viewed'], log.env(token))).code).toBe(0);

    const list = await log.run('token', 'list', '--json');
    const mine = objectsOf(list.stdout).find(({ name }) => name === 'forwarder two');
    expect(mine).toMatchObject({ role: 'INTEGRATION', memberId: null, revokedAt: null, prefix: token.slice(0, 11) });
    expect(Date.parse(String(mine?.expiresAt)) - Date.parse(String(mine?.createdAt))).toBeGreaterThan(
      89.9 * 86_400_000,
    );
    expect(list.stdout).not.toContain(token);
    expect((await log.run('token', 'list')).stdout).toMatch(/forwarder two +annals_\w{4} +role INTEGRATION/);

    const id = String(mine?.id);
    expect(await log.run('token', 'revoke', id)).toMatchObject({ code: 0, stderr: `Revoked the token ${id}.\n` });
    const refused = await annals(['record', 'passwork.item_viewed'], log.env(token));
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toMatch(/^annals: UNAUTHENTICATED: /);
    expect((await log.run('token', 'revoke', id)).code).toBe(2);
    const names = async (...words: string[]) =>
      objectsOf((await log.run('token', 'list', '--json', ...words)).stdout).map(({ name }) => name);
    expect(await names()).not.toContain('forwarder two');
    expect(await names('--revoked')).toContain('forwarder two');
  });

  it('gives a token a new secret, with the one before good for the overlap', async () => {
    const log = await site.newLog();
    const [made = {}] = objectsOf(
      (await log.run('token', 'create', 'turning', '--role', 'INTEGRATION', '--json')).stdout,
    );
    const rotated = await log.run('token', 'rotate', String(made.id), '--overlap', '2h');
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringMatching(secret) });
    expect(rotated.stderr).toBe(`Gave the token ${made.id} a new secret. It is not shown again:\n`);
    const records = async (token: string) => (await annals(['record', 'passwork.item_viewed'], log.env(token))).code;
    expect([await records(String(made.secret)), await records(rotated.stdout.trim())]).toEqual([0, 0]);
    expect((await log.run('token', 'list')).stdout).toMatch(/turning .* annals_\w{4} until \d{4}-/);

    expect(await log.run('token', 'rotate', String(made.id))).toMatchObject({ code: 2, stdout: '' });
    const last = await log.run('token', 'rotate', String(made.id), '--overlap', '0s', '--end-older', '--json');
    const [{ secret: newest } = {}] = objectsOf(last.stdout);
    expect(await records(String(newest))).toBe(0);
    expect([await records(String(made.secret)), await records(rotated.stdout.trim())]).toEqual([3, 3]);
  });

  it('binds a token to networks, and lets it be used from anywhere again', async () => {
    const log = await site.newLog();
    const words = ['bound', '--role', 'INTEGRATION', '--allow', '10.0.0.0/8', '--allow', '2001:db8::/32', '--json'];
    const [made = {}] = objectsOf((await log.run('token', 'create', ...words)).stdout);
    const record = () => annals(['record', 'passwork.item_viewed'], log.env(String(made.secret)));
    expect((await record()).stderr).toMatch(/^annals: ADDRESS_NOT_ALLOWED: .* 127\.0\.0\.1\./);
    expect((await log.run('token', 'list')).stdout).toMatch(/bound .* 10\.0\.0\.0\/8 2001:db8::\/32/);
    const update = (...more: string[]) => log.run('token', 'update', String(made.id), ...more);
    expect(await update('--allow', '127.0.0.0/8', '--name', 'freed')).toMatchObject({ code: 0, stdout: '' });
    expect((await record()).code).toBe(0);
    await update('--allow', '::1');
    expect((await record()).code).toBe(3);
    await update('--allow-anywhere');
    expect((await record()).code).toBe(0);
    expect((await log.run('token', 'list')).stdout).toMatch(/freed .* anywhere/);
    expect(await update()).toMatchObject({ code: 2 });
  });

  it('limits a token, and the operator an organization', async () => {
    const log = await site.newLog();
    const words = [
      'limited',
      '--role',
      'INTEGRATION',
      '--entries-per-day',
      '1',
      '--requests-per-second',
      '50',
      '--json',
    ];
    const [made = {}] = objectsOf((await log.run('token', 'create', ...words)).stdout);
    const record = () => annals(['record', 'passwork.item_viewed'], log.env(String(made.secret)));
    expect((await record()).code).toBe(0);
    expect(await record()).toMatchObject({ code: 4, stderr: expect.stringMatching(/^annals: QUOTA_EXCEEDED: /) });
    expect((await log.run('token', 'list')).stdout).toMatch(/limited .* 50 requests\/s, 1 entries\/d/);
    await log.run('token', 'update', String(made.id), '--entries-per-day', 'default');
    expect((await record()).code).toBe(0);
    expect((await log.run('token', 'list')).stdout).toMatch(/limited .* 50 requests\/s\n/);

    const [organization] = objectsOf((await annals(['organization', 'list', '--json'], site.databaseEnv)).stdout).slice(
      -1,
    );
    const limit = (...more: string[]) =>
      annals(['organization', 'limit', String(organization?.name), ...more], site.databaseEnv);
    expect((await limit('--entries-per-day', '1')).stdout).toBe('1 entries/d\n');
    expect((await record()).code).toBe(0);
    expect((await record()).code).toBe(4);
    expect((await limit('--entries-per-day', 'default')).stdout).toBe('as the server’s settings say\n');
    expect((await record()).code).toBe(0);
  });

  it('acts as a member, and gives nobody more than it has', async () => {
    const log = await site.newLog();
    const made = await log.run('token', 'create', 'mara', '--member', 'mara', '--json');
    const [{ secret: token } = {}] = objectsOf(made.stdout);
    const forbidden = await annals(['token', 'list'], log.env(String(token)));
    expect(forbidden).toMatchObject({ code: 3, stdout: '' });
    expect(forbidden.stderr).toMatch(/^annals: FORBIDDEN: .*MANAGE_TOKENS/);
  });

  it('is the operator’s way back in when the last owner’s token is lost', async () => {
    const log = await site.newLog();
    const [organization] = objectsOf((await annals(['organization', 'list', '--json'], site.databaseEnv)).stdout).slice(
      -1,
    );
    const name = String(organization?.name);
    const words = ['token', 'create', 'rescue', '--member', 'owner', '--organization', name];
    const made = await annals(words, site.databaseEnv);
    expect(made.stdout).toMatch(secret);
    const rescued = log.env(made.stdout.trim());
    const list = objectsOf((await annals(['token', 'list', '--json'], rescued)).stdout);
    const id = String(list.find((token) => token.name === 'rescue')?.id);
    // A server that runs beside it knows at once.
    const revoked = await annals(['token', 'revoke', id, '--organization', name], site.databaseEnv);
    expect(revoked.code).toBe(0);
    expect((await annals(['token', 'list'], rescued)).code).toBe(3);
    const unknown = await annals(['token', 'revoke', id, '--organization', 'Nobody'], site.databaseEnv);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toMatch(/no organization "Nobody"\.\nUse a name that `annals organization list` prints/);
  });

  const mistakes: readonly [words: string[], says: RegExp][] = [
    [['create', '--role', 'INTEGRATION'], /token create takes one NAME/],
    [['create', 'x'], /either --role KEY or --member ID/],
    [['create', 'x', '--role', 'MEMBER', '--member', 'mara'], /either --role KEY or --member ID/],
    [['create', 'x', '--role', 'NO_SUCH'], /BAD_INPUT: .*NO_SUCH/],
    [['create', 'x', '--role', 'MEMBER', '--expires', 'soon'], /State in how long \(30s/],
    [['rotate', 'x', '--overlap', 'long'], /--overlap must be a length of time/],
    [['revoke'], /token revoke takes one ID/],
    [['revoke', 'x'], /BAD_INPUT: id: /],
    [['frobnicate'], /There is no command "token frobnicate"/],
  ];
  it('names every mistake', async () => {
    const log = await site.newLog();
    for (const [words, says] of mistakes) {
      const outcome = await log.run('token', ...words);
      expect([words, outcome.code, outcome.stdout]).toEqual([words, 2, '']);
      expect(outcome.stderr).toMatch(says);
    }
  });
});

describe('the operator’s commands', () => {
  it('work beside the server that keeps the embedded database', async () => {
    await using embedded = await startSite();
    const env = { DATA_DIRECTORY: embedded.data.path };
    const created = await annals(['organization', 'create', 'Zweite AG'], env);
    expect(created.stdout).toMatch(secret);
    const list = await annals(['organization', 'list'], env);
    expect(list.stdout).toMatch(/^id +name +demo\n\S+ +Test\n\S+ +Zweite AG\n$/);
    const client = { ANNALS_URL: embedded.server.url, ANNALS_TOKEN: created.stdout.trim() };
    expect(await annals(['query', '--count'], client)).toMatchObject({ code: 0, stdout: '0\n' });
  });
});
