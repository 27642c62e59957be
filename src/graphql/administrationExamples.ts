/** Examples of administration. Those that remove name what the others add; the full synchronization is a dry run. */
import type { Example } from './examples.ts';

const report =
  '{ changed pending { id message } counts { kind created changed removed } things(first: 20) { kind operation member { externalId } group { externalId } directory { externalId } changes { field before after } } }';

export const administrationExamples: readonly Example[] = [
  {
    name: 'Members, groups and grants',
    document: `# Needs the permission MANAGE_MEMBERS. For the next page, pass endCursor as "after".
query PeopleAndGrants($after: String) {
  members(first: 50, after: $after) { nodes { externalId name email role status } hasNextPage endCursor }
  groups(first: 50) { nodes { externalId name memberIds } hasNextPage endCursor }
  grants(first: 50) { nodes { directoryId directoryName memberId groupId level } hasNextPage endCursor }
}
`,
  },
  {
    name: 'Roles and tokens',
    document: `# Needs the permission MANAGE_TOKENS. Tokens themselves are shown only once, when they are made.
query RolesAndTokens {
  roles { key name builtIn permissions scope minimumAccessLevel ownActivity categories hiddenFields }
  tokens(first: 50) { nodes { id name prefix memberId role createdAt expiresAt } hasNextPage endCursor }
}
`,
  },
  {
    name: 'Keep members and vaults in step',
    document: `# Needs the permission MANAGE_MEMBERS. Run it twice: the second time nothing is left to change.
# Mutations of one operation run one after another, each by itself.
mutation KeepInStep($members: [UpsertMemberInput!]!, $groups: [UpsertGroupInput!]!, $directories: [UpsertDirectoryInput!]!, $grants: [GrantInput!]!) {
  upsertMembers(members: $members) ${report}
  upsertGroups(groups: $groups) ${report}
  upsertDirectories(directories: $directories) ${report}
  setGrants(grants: $grants) ${report}
}
`,
    variables: {
      members: [{ id: 'example-member', name: 'Alice Example', email: 'alice@example.com', role: 'MEMBER' }],
      groups: [{ id: 'example-group', name: 'Example group', memberIds: ['example-member'] }],
      directories: [
        { id: 'example-vault', name: 'Example vault' },
        { id: 'example-folder', name: 'Example folder', parentId: 'example-vault' },
      ],
      grants: [
        { directoryId: 'example-vault', groupId: 'example-group', level: 'ADMINISTRATOR' },
        { directoryId: 'example-folder', groupId: 'example-group', level: 'READ' },
      ],
    },
  },
  {
    name: 'Remove members and vaults',
    document: `# Needs the permission MANAGE_MEMBERS. What is gone already is no error.
mutation Remove($grants: [GrantKeyInput!]!) {
  removeGrants(grants: $grants) ${report}
  removeDirectories(ids: ["example-vault"]) ${report}
  removeGroups(ids: ["example-group"]) ${report}
  removeMembers(ids: ["example-member"]) ${report}
}
`,
    variables: { grants: [{ directoryId: 'example-folder', groupId: 'example-group' }] },
  },
  {
    name: 'Full synchronization, dry run',
    document: `# Needs the permission MANAGE_MEMBERS. Says what would change if this were the whole organization, and changes nothing.
mutation SynchronizeDryRun($input: SynchronizeInput!) {
  synchronize(input: $input, dryRun: true) ${report}
}
`,
    variables: {
      input: {
        members: [{ id: 'example-owner', name: 'Olga Example', role: 'OWNER' }],
        groups: [],
        directories: [],
        grants: [],
      },
    },
  },
  {
    name: 'Define a role',
    document: `# Needs the permission MANAGE_ROLES; you can define what your own role may do and see, and no more.
mutation DefineRole($input: RoleInput!) {
  upsertRole(input: $input) { key name permissions scope categories hiddenFields }
}
`,
    variables: {
      input: {
        key: 'EXAMPLE_AUDITOR',
        name: 'Auditor without addresses',
        permissions: ['READ'],
        scope: 'ALL',
        hiddenFields: ['EMAIL', 'IP'],
      },
    },
  },
  {
    name: 'Remove a role',
    document: `# Needs the permission MANAGE_ROLES. A role that members or tokens have is not removed.
mutation RemoveRole {
  removeRole(key: "EXAMPLE_AUDITOR")
}
`,
  },
  {
    name: 'Make a token',
    document: `# Needs the permission MANAGE_TOKENS. The secret is shown once. For a person, give "memberId" instead of "role".
mutation MakeToken($input: CreateTokenInput!) {
  createToken(input: $input) { secret token { id name prefix role expiresAt } }
}
`,
    variables: { input: { name: 'Example integration', role: 'INTEGRATION' } },
  },
  {
    name: 'Tokens and when they were used',
    document: `# Needs the permission MANAGE_TOKENS. "lastUsedAt" is behind by up to a minute.
query Tokens {
  tokens(first: 50) {
    nodes { id name prefix memberId role createdAt expiresAt lastUsedAt lastUsedFrom allowedNetworks previousEndsAt }
    hasNextPage
    endCursor
  }
}
`,
  },
  {
    name: 'Bind a token to networks',
    document: `# Needs the permission MANAGE_TOKENS. From elsewhere the token is refused then, and its streams end. [] is anywhere.
mutation BindToken($input: UpdateTokenInput!) {
  updateToken(input: $input) { id name allowedNetworks }
}
`,
    variables: {
      input: { id: '00000000-0000-7000-8000-000000000000', allowedNetworks: ['10.0.0.0/8', '2001:db8::/32'] },
    },
  },
  {
    name: 'Limit a token',
    document: `# Needs the permission MANAGE_TOKENS. What is left out goes by the server's settings; 0 is no limit.
mutation LimitToken($input: UpdateTokenInput!) {
  updateToken(input: $input) { id name limits { requestsPerSecond entriesPerSecond entriesPerDay } }
}
`,
    variables: {
      input: {
        id: '00000000-0000-7000-8000-000000000000',
        limits: { requestsPerSecond: 100, entriesPerSecond: 1000, entriesPerDay: 1_000_000 },
      },
    },
  },
  {
    name: 'Give a token a new secret',
    document: `# Needs the permission MANAGE_TOKENS. The secret is shown once; the one before stays good for "overlapSeconds".
mutation RotateToken($id: ID!) {
  rotateToken(id: $id, overlapSeconds: 86400) { secret token { id prefix previousPrefix previousEndsAt } }
}
`,
    variables: { id: '00000000-0000-7000-8000-000000000000' },
  },
  {
    name: 'Revoke a token',
    document: `# Needs the permission MANAGE_TOKENS. Takes effect at once, on open streams too. "tokens" lists the ids.
mutation RevokeToken($id: ID!) {
  revokeToken(id: $id)
}
`,
    variables: { id: '00000000-0000-7000-8000-000000000000' },
  },
  {
    name: 'Let somebody mint JWTs',
    document: `# Needs the permission MANAGE_TOKENS. "annals jwt keys" makes a pair of keys and prints the public one.
mutation LetMint($input: JwtIssuerInput!) {
  upsertJwtIssuer(input: $input) { id name issuer audience algorithms keySource roles storedMembers lifetimeSeconds }
}
`,
    variables: {
      input: {
        name: 'Example product',
        issuer: 'https://product.example.com',
        audience: 'annals',
        algorithms: ['EdDSA'],
        keys: {
          keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'example', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
        },
        roles: ['MEMBER'],
        storedMembers: true,
      },
    },
  },
  {
    name: 'Who mints JWTs',
    document: `# Needs the permission MANAGE_TOKENS. Secrets are never shown.
query JwtIssuers {
  jwtIssuers { id name issuer audience algorithms keySource keys address roles storedMembers lifetimeSeconds createdAt }
}
`,
  },
  {
    name: 'End all JWTs of an issuer',
    document: `# Needs the permission MANAGE_TOKENS. Takes effect at once, on open streams too. "jwtIssuers" lists the ids.
mutation RemoveJwtIssuer($id: ID!) {
  removeJwtIssuer(id: $id)
}
`,
    variables: { id: '00000000-0000-7000-8000-000000000000' },
  },
  {
    name: 'Guard who is an owner',
    document: `# Needs the permission MANAGE_ORGANIZATION. From then on a change of owners waits, and so does asking for less.
mutation GuardOwners($input: SetGuardInput!) {
  setGuard(input: $input) { guards { operation delaySeconds secondPerson } pending { id message } }
}
`,
    variables: { input: { operation: 'CHANGE_OWNERS', delaySeconds: 0, secondPerson: false } },
  },
  {
    name: 'Guarded changes that wait',
    document: `# Needs the permission to ask for them oneself. For others than those that wait, give a "state".
query GuardedChanges {
  guards { operation delaySeconds secondPerson }
  pendingChanges(first: 20) {
    nodes {
      id message operations state planned { action targets { type id name } changes { field before after } } plannedCount
      askedBy { name memberId } approvals { by { name } at } approvalsNeeded requestedAt dueAt expiresAt
    }
    hasNextPage
    endCursor
  }
}
`,
  },
  {
    name: 'Approve a guarded change',
    document: `# For another member than the one who asked for it. "pendingChanges" lists the ids.
mutation ApproveChange($id: ID!) {
  approveChange(id: $id) { id state message }
}
`,
    variables: { id: '00000000-0000-7000-8000-000000000000' },
  },
  {
    name: 'Call off a guarded change',
    document: `# For whoever asked for it, or could. "pendingChanges" lists the ids.
mutation CancelChange($id: ID!) {
  cancelChange(id: $id) { id state message }
}
`,
    variables: { id: '00000000-0000-7000-8000-000000000000' },
  },
];
