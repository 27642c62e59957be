/** Over HTTP, with real tokens. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { administrationExamples } from '../../src/graphql/administrationExamples.ts';
import type { Http } from '../../src/http/http.ts';
import { newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';

const at = useTestApps();
let http: Http;
let to: TestOrganization;

beforeAll(async () => {
  http = await at.app.listen();
  to = await newOrganization(at.app);
});
afterAll(() => http?.[Symbol.asyncDispose]());

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly path?: string };
  }[];
}

async function ask(
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  token = to.ownerToken,
): Promise<Answer> {
  const response = await fetch(http.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const setGrants = `mutation ($grants: [GrantInput!]!) {
  setGrants(grants: $grants) { changed counts { kind created } things(first: 1) { kind operation directory { externalId name } member { externalId } changes { field after } } }
}`;

test('the examples run one after another, twice', async () => {
  for (const round of [1, 2]) {
    for (const { name, document, variables } of administrationExamples) {
      const { errors } = await ask(document, variables);
      expect(errors, `${name}, round ${round}`).toBeUndefined();
    }
  }
});

test('members get in by grants, out by suspension; global ids are taken', async () => {
  const member = { id: 'actor:MEMBER:mia', name: 'Mia', role: 'MEMBER' };
  await ask('mutation ($m: [UpsertMemberInput!]!) { upsertMembers(members: $m) { changed } }', { m: [member] });
  await ask(
    'mutation { upsertDirectories(directories: [{ id: "directory:v", name: "Vault" }, { id: "f", parentId: "directory:v" }]) { changed } }',
  );
  const { data: made } = (await ask(
    'mutation { createToken(input: { name: "mia", memberId: "mia" }) { secret token { memberId prefix } } }',
  )) as {
    data: { createToken: { secret: string } };
  };
  expect(made).toMatchObject({
    createToken: { token: { memberId: 'mia', prefix: made.createToken.secret.slice(0, 11) } },
  });
  await at.app.services.log.append(to, plainEntries(1, { vault: { id: 'v' }, directory: { id: 'f' } }));
  const seen = () => ask('{ logs(first: 5) { nodes { request } } }', {}, made.createToken.secret);

  expect((await seen()).data).toEqual({ logs: { nodes: [] } });
  const grants = [{ directoryId: 'directory:v', memberId: 'actor:MEMBER:mia', level: 'ADMINISTRATOR' }];
  expect((await ask(setGrants, { grants })).data).toMatchObject({
    setGrants: {
      changed: true,
      things: [
        {
          kind: 'GRANT',
          operation: 'CREATED',
          directory: { externalId: 'v', name: 'Vault' },
          member: { externalId: 'mia' },
          changes: [{ field: 'level', after: 'ADMINISTRATOR' }],
        },
      ],
    },
  });
  expect((await ask(setGrants, { grants })).data).toMatchObject({ setGrants: { changed: false, things: [] } });
  expect((await seen()).data).toEqual({ logs: { nodes: [{ request: '0' }] } });
  await ask('mutation { upsertMembers(members: [{ id: "mia", status: SUSPENDED }]) { changed } }');
  expect((await seen()).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  const { errors } = await ask('mutation { upsertMembers(members: [{ id: "mia", status: REMOVED }]) { changed } }');
  expect(errors).toMatchObject([
    { extensions: { code: 'BAD_INPUT', path: 'members[0].status', cure: expect.stringContaining('removeMembers') } },
  ]);
});

test('a body of 10,000 grants is taken from who manages members, and not from others', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({
    directoryId: `directory-${index}`,
    memberId: 'owner',
    level: 'READ',
  }));
  const directories = rows.map(({ directoryId }) => ({ id: directoryId }));
  const made = await ask(
    'mutation ($d: [UpsertDirectoryInput!]!) { upsertDirectories(directories: $d) { counts { created } } }',
    { d: directories },
  );
  expect(made.errors).toBeUndefined();
  const start = performance.now();
  expect((await ask(setGrants, { grants: rows })).data).toMatchObject({ setGrants: { changed: true } });
  console.log(`setGrants of 10,000 over HTTP: ${Math.round(performance.now() - start)} ms`);
  const { token } = await at.app.administration.createToken(to, { name: 'reads', actsAs: { role: 'AUDITOR' } });
  expect((await ask(setGrants, { grants: rows }, token)).errors).toMatchObject([
    { extensions: { code: 'BODY_TOO_LARGE' } },
  ]);
}, 60_000);

test.each([
  ['the last owner', 'mutation { removeMembers(ids: ["owner"]) { changed } }', 'LAST_OWNER'],
  [
    'two subjects of a token',
    'mutation { createToken(input: { name: "x", memberId: "owner", role: "MEMBER" }) { secret } }',
    'BAD_INPUT',
  ],
  [
    'a moment that is none',
    'mutation { createToken(input: { name: "x", role: "MEMBER", expiresAt: "soon" }) { secret } }',
    'BAD_INPUT',
  ],
])('%s is refused with its code', async (_, query, code) => {
  expect((await ask(query)).errors).toMatchObject([{ extensions: { code, cure: expect.stringMatching(/\.$/) } }]);
});
