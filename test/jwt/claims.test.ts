/** The form of the claims: each that is malformed is refused, and told what would be right. */
import { expect, test } from 'vitest';
import { ClaimMistake, jwtLimits, readClaims } from '../../src/model/jwt.ts';
import { payloadOf } from './support.ts';

const by = {
  issuer: 'https://i.example',
  organizationUid: '01890000-0000-7000-8000-00000000000A',
  now: () => 1_800_000_000_500,
};
const annals = (more: Readonly<Record<string, unknown>>) => ({ annals: { role: 'MEMBER', ...more } });
const many = (count: number) => Array.from({ length: count }, (_, index) => `id ${index}`);
const levels = (count: number) => many(count).map((id) => ({ id, level: 'READ' }));

test('a full set of claims, and the smallest, are read as they are meant', () => {
  const full = {
    audience: ['x', 'annals'],
    annals: {
      role: 'GUEST',
      groups: ['ops', 'ops', 'hr'],
      directories: [{ id: 'v', level: 'ADMINISTRATOR' }],
      name: 'Mia',
      email: 'mia@a.example',
    },
    claims: { nbf: 1_800_000_000, jti: 'j1', custom: { any: 'thing' } },
  };
  expect(readClaims(payloadOf(by, full))).toEqual({
    issuer: 'https://i.example',
    audience: ['x', 'annals'],
    subject: 'mia',
    issuedAt: 1_800_000_000_500,
    expiresAt: 1_800_000_600_500,
    notBefore: 1_800_000_000_000,
    id: 'j1',
    organization: '01890000-0000-7000-8000-00000000000a',
    stated: {
      role: 'GUEST',
      groups: ['ops', 'hr'],
      directories: [{ id: 'v', level: 'ADMINISTRATOR' }],
      name: 'Mia',
      email: 'mia@a.example',
    },
  });
  expect(readClaims(payloadOf(by, { annals: {} }))).toMatchObject({ id: null, notBefore: null, stated: null });
  expect(readClaims(payloadOf(by, { annals: { role: 'MEMBER' } }))).toMatchObject({
    stated: { role: 'MEMBER', groups: [], directories: [], name: null, email: null },
  });
  const most = { groups: many(jwtLimits.groups), directories: levels(jwtLimits.directories) };
  expect(readClaims(payloadOf(by, annals(most)))).toMatchObject({ stated: { role: 'MEMBER' } });
});

/** Claim, and how the payload is made. */
const malformed: [claim: string, payload: unknown][] = [
  ['The payload', null],
  ['The payload', []],
  ['The payload', 'text'],
  ['annals', payloadOf(by, { claims: { annals: undefined } })],
  ['annals', payloadOf(by, { claims: { annals: 'organization' } })],
  ['annals.organization', payloadOf(by, annals({ organization: undefined }))],
  ['annals.organization', payloadOf(by, annals({ organization: 7 }))],
  ['annals.organization', payloadOf(by, annals({ organization: 'organization:01890000-0000-7000-8000-000000000001' }))],
  ['iss', payloadOf(by, { claims: { iss: undefined } })],
  ['iss', payloadOf(by, { claims: { iss: 'x'.repeat(jwtLimits.issuer + 1) } })],
  ['aud', payloadOf(by, { claims: { aud: undefined } })],
  ['aud', payloadOf(by, { claims: { aud: [] } })],
  ['aud', payloadOf(by, { claims: { aud: ['annals', 1] } })],
  ['sub', payloadOf(by, { claims: { sub: undefined } })],
  ['sub', payloadOf(by, { claims: { sub: '' } })],
  ['sub', payloadOf(by, { claims: { sub: 5 } })],
  ['sub', payloadOf(by, { claims: { sub: 'nul\0' } })],
  ['sub', { ...payloadOf(by, {}), sub: 'half \ud800' }],
  ['sub', payloadOf(by, { claims: { sub: 'x'.repeat(jwtLimits.id + 1) } })],
  ['exp', payloadOf(by, { claims: { exp: undefined } })],
  ['exp', payloadOf(by, { claims: { exp: '1800000000' } })],
  ['exp', payloadOf(by, { claims: { exp: -1 } })],
  ['exp', payloadOf(by, { claims: { exp: 1e300 } })],
  ['exp', payloadOf(by, { claims: { exp: 1_700_000_000 } })],
  ['iat', payloadOf(by, { claims: { iat: undefined } })],
  ['iat', payloadOf(by, { claims: { iat: null } })],
  ['nbf', payloadOf(by, { claims: { nbf: 'now' } })],
  ['jti', payloadOf(by, { claims: { jti: 7 } })],
  ['annals.roles', payloadOf(by, annals({ roles: ['MEMBER'] }))],
  ['annals.group', payloadOf(by, annals({ group: 'ops' }))],
  ['annals.role', payloadOf(by, annals({ role: '' }))],
  ['annals.role', payloadOf(by, annals({ role: null }))],
  ['annals.role', payloadOf(by, annals({ role: ['MEMBER'] }))],
  ['annals.groups', payloadOf(by, { annals: { groups: [] } })],
  ['annals.directories', payloadOf(by, { annals: { directories: [] } })],
  ['annals.name', payloadOf(by, { annals: { name: 'Mia' } })],
  ['annals.email', payloadOf(by, { annals: { email: 'mia@a.example' } })],
  ['annals.groups', payloadOf(by, annals({ groups: 'ops' }))],
  ['annals.groups', payloadOf(by, annals({ groups: ['ops', 3] }))],
  ['annals.groups', payloadOf(by, annals({ groups: [''] }))],
  ['annals.groups', payloadOf(by, annals({ groups: many(jwtLimits.groups + 1) }))],
  ['annals.directories', payloadOf(by, annals({ directories: { v: 'READ' } }))],
  ['annals.directories', payloadOf(by, annals({ directories: levels(jwtLimits.directories + 1) }))],
  ['annals.directories[0]', payloadOf(by, annals({ directories: ['v'] }))],
  ['annals.directories[0].id', payloadOf(by, annals({ directories: [{ level: 'READ' }] }))],
  ['annals.directories[1].level', payloadOf(by, annals({ directories: [...levels(1), { id: 'v' }] }))],
  ['annals.directories[0].level', payloadOf(by, annals({ directories: [{ id: 'v', level: 'OWNER' }] }))],
  ['annals.directories[0].inherit', payloadOf(by, annals({ directories: [{ id: 'v', level: 'READ', inherit: 1 }] }))],
  ['annals.directories[1].id', payloadOf(by, annals({ directories: [...levels(1), ...levels(1)] }))],
  ['annals.name', payloadOf(by, annals({ name: '' }))],
  ['annals.email', payloadOf(by, annals({ email: 'x'.repeat(jwtLimits.email + 1) }))],
];

test.each(malformed)('%s: %#', (claim, payload) => {
  const mistake = readClaims(payload);
  if (!(mistake instanceof ClaimMistake)) throw new TypeError(`read as ${JSON.stringify(mistake)}`);
  expect(mistake.claim).toBe(claim);
  expect(mistake.right).toMatch(/must|is not known|goes with|stands in the list twice/);
});
