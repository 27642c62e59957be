/** `annals jwt`: what it makes is accepted, and keys never stand on the command line. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newOrganization, type TestOrganization, useTestApps } from '../support/app.ts';
import { annals } from '../support/program.ts';

const at = useTestApps();
let directory: string;
let to: TestOrganization;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-jwt-'));
  to = await newOrganization(at.app);
  await at.app.services.administration.upsertMembers(to.owner, [{ id: 'mia', name: 'Mia', role: 'MEMBER' }]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const file = (name: string) => join(directory, name);
const issuer = { name: 'P', issuer: 'https://p.example', audience: 'annals', roles: ['MEMBER'], storedMembers: true };
const who = () => [
  '--issuer',
  issuer.issuer,
  '--audience',
  'annals',
  '--organization',
  `organization:${to.organizationUid}`,
  '--subject',
  'mia',
];
const run = async (...words: string[]) => {
  const { code, stdout, stderr } = await annals(['jwt', ...words], {});
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};
const admin = () => at.app.services.administration;

test.each(['EdDSA', 'ES256', 'PS256'])(
  'a pair of keys for %s: the public one verifies what the private one mints',
  async (algorithm) => {
    const out = file(`${algorithm}.json`);
    const keys = JSON.parse(await run('keys', '--out', out, '--algorithm', algorithm, '--kid', 'k1'));
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ kid: 'k1', alg: algorithm });
    await admin().upsertJwtIssuer(to.owner, { ...issuer, algorithms: [algorithm], keys });
    const stored = await run('mint', '--key', out, ...who());
    const principal = await at.app.auth.authenticate(stored.trim());
    expect(principal).toMatchObject({ name: 'Mia', role: { key: 'MEMBER' }, jwt: { stated: null } });
    expect((principal.expiresAt ?? 0) - Date.now()).toBeGreaterThan(890_000);
    const rights = [
      '--role',
      'MEMBER',
      '--groups',
      'g-1, g-2',
      '--directories',
      'v=a=READ,w=ADMINISTRATOR',
      '--name',
      'Mia Chen',
    ];
    const stated = await run('mint', '--key', out, '--lifetime', '8h', ...who(), ...rights);
    expect((await at.app.auth.authenticate(stated.trim())).jwt?.stated).toEqual({
      role: 'MEMBER',
      groups: ['g-1', 'g-2'],
      directories: [
        { id: 'v=a', level: 'READ' },
        { id: 'w', level: 'ADMINISTRATOR' },
      ],
      name: 'Mia Chen',
      email: null,
    });
  },
);

test('a secret, a key in PEM and claims from a file do as well', async () => {
  const secret = randomBytes(36).toString('base64');
  await writeFile(file('secret'), `${secret}\n`);
  await writeFile(file('claims.json'), JSON.stringify({ role: 'MEMBER', groups: ['with, comma'] }));
  await admin().upsertJwtIssuer(to.owner, { ...issuer, algorithms: ['HS256'], secrets: [secret] });
  const token = await run('mint', '--secret', file('secret'), '--claims', file('claims.json'), ...who());
  expect((await at.app.auth.authenticate(token.trim())).jwt?.stated?.groups).toEqual(['with, comma']);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeFile(file('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await admin().upsertJwtIssuer(to.owner, {
    ...issuer,
    algorithms: ['EdDSA'],
    keys: { keys: [publicKey.export({ format: 'jwk' })] },
  });
  const signed = await run('mint', '--key', file('key.pem'), ...who());
  expect((await at.app.auth.authenticate(signed.trim())).member?.externalId).toBe('mia');
});

const refusals: Record<string, [message: RegExp, words: () => string[]]> = {
  'no key': [/Exactly one of --key and --secret/, () => ['mint', ...who()]],
  'a key on the command line': [/never from the command line/, () => ['mint', '{"kty":"OKP","d":"pr1vate"}']],
  'a key that is not there': [/cannot be read \(ENOENT\)/, () => ['mint', '--key', file('nothing'), ...who()]],
  'a public key': [/no private key/, () => ['mint', '--key', file('public.json'), ...who()]],
  'a key that is no JSON': [/holds no JSON object/, () => ['mint', '--key', file('broken.json'), ...who()]],
  'a secret too short': [/has 5 bytes; HS256 needs 32/, () => ['mint', '--secret', file('short'), ...who()]],
  'rights that mix': [
    /annals\.groups goes with a stated role/,
    () => ['mint', '--key', file('EdDSA.json'), ...who(), '--groups', 'g'],
  ],
  'a directory without a level': [
    /has no level/,
    () => ['mint', '--key', file('EdDSA.json'), ...who(), '--role', 'M', '--directories', 'v'],
  ],
  'a level that is none': [
    /level must be one of READ/,
    () => ['mint', '--key', file('EdDSA.json'), ...who(), '--role', 'M', '--directories', 'v=ALL'],
  ],
  'a life that is none': [
    /no length of time/,
    () => ['mint', '--key', file('EdDSA.json'), ...who(), '--lifetime', 'long'],
  ],
  'no organization': [
    /--organization is missing/,
    () => ['mint', '--key', file('EdDSA.json'), ...who().slice(0, 4), '--subject', 'x'],
  ],
  'a file that is there': [/cannot be written \(EEXIST\)/, () => ['keys', '--out', file('EdDSA.json')]],
  'an algorithm without keys': [/has no pair of keys/, () => ['keys', '--out', file('new'), '--algorithm', 'HS256']],
};

test.each(Object.entries(refusals))('%s is refused, and not repeated', async (_, [message, words]) => {
  await writeFile(file('short'), 'short');
  await writeFile(file('broken.json'), '{"kty":"OKP","d":"pr1vate"');
  await writeFile(
    file('public.json'),
    JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })),
  );
  const { code, stdout, stderr } = await annals(['jwt', ...words()], {});
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('pr1vate');
});
