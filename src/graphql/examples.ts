/** What GraphiQL offers to start from: at least one example of every operation, each valid as it stands. */

import { administrationExamples } from './administrationExamples.ts';
import { filterExamples } from './filterExamples.ts';
import { questionExamples } from './questionExamples.ts';
import { statisticsExamples } from './statisticsExamples.ts';
import { viewExamples } from './viewExamples.ts';

export interface Example {
  /** As the tab shows it. */
  readonly name: string;
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export const examples: readonly Example[] = [
  {
    name: 'Who am I?',
    document: `# What your credential may do, and what it sees. Set it under Headers: { "Authorization": "Bearer …" }
query WhoAmI {
  viewer {
    name
    kind
    role { key description }
    permissions
    organization { name }
    sees {
      inWords
      hiddenFields
      directories(first: 10) { name path }
      grants(first: 10) { directoryId level groupName effect }
    }
  }
}
`,
  },
  {
    name: 'Who sees this entry?',
    document: `# Needs the permission MANAGE_MEMBERS. Every rule that shows it to somebody; "almost" adds whom only the entry's
# category, or a missing permission, keeps from it. Null when the entry does not exist, and when you may not see it.
query WhoSees($entry: ID!, $after: String) {
  accessTo(entry: $entry, first: 50, after: $after, almost: true) {
    totalCount
    nodes {
      kind
      id
      name
      role { key }
      sees
      obstacle
      reasons { rule inWords }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { entry: 'entry:00000000-0000-7000-8000-000000000000' },
  },
  {
    name: 'What does a member see?',
    document: `# Needs the permission MANAGE_MEMBERS. What "viewer" tells the member about itself. Null for an unknown member.
query WhatDoesAMemberSee($member: ID!) {
  visibilityOf(member: $member) {
    name
    active
    role { key description }
    sees {
      inWords
      ownActivity
      hiddenFields
      # OPENS, CLOSES (it overrides a grant above), or NONE.
      grants(first: 50) { directoryId level groupName effect }
    }
  }
}
`,
    variables: { member: 'put-the-external-id-of-a-member-here' },
  },
  {
    name: 'Through a member’s eyes',
    document: `# Needs MANAGE_MEMBERS and a role that sees the whole log. The preview itself is recorded in the log.
query ThroughTheirEyes($member: ID!) {
  asMember(member: $member) {
    logs(first: 20) {
      totalCount
      nodes { id occurredAt description directory { name } }
    }
    directories(first: 20) { name path }
  }
}
`,
    variables: { member: 'put-the-external-id-of-a-member-here' },
  },
  {
    name: 'Organization',
    document: `# The organization of your credential, and the catalogues whose actions its entries can have.
query Organization {
  organization {
    id
    name
    catalogues { key name version description }
  }
}
`,
  },
  {
    name: 'Newest entries',
    document: `# The newest 20 entries that you see. For the next page, pass pageInfo.endCursor as "after".
query NewestEntries($after: String) {
  logs(first: 20, after: $after) {
    nodes {
      id
      occurredAt
      description
      outcome
      severity
      action { key name }
      category { name }
      actor { name email }
      directory { name }
    }
    pageInfo { hasNextPage endCursor }
    # Counts only because it is asked for; stops at 10,000.
    totalCount
    totalCountIsExact
  }
}
`,
  },
  {
    name: 'Find entries',
    document: `# By user, action, date and vault. All conditions of one filter must hold; "or" and "not" combine further ones.
# Leave out what you do not need. "actors", "actions" and "directories" list what can stand here.
query FindEntries($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    edges {
      cursor
      node {
        description
        occurredAt
        ip
        targets { type name }
        directory { name current { path } }
      }
    }
    pageInfo { hasNextPage endCursor }
    # Paste it into "Watch from a page on" together with the same filter: nothing is missed in between.
    headCursor
  }
}
`,
    variables: {
      filter: {
        category: { in: ['passwork.passwords', 'enpass.vaults'] },
        occurredAt: { gte: '2026-01-01T00:00:00Z', lt: '2030-01-01T00:00:00Z' },
        severity: { gte: 3 },
        or: [{ outcome: { in: ['FAILURE', 'DENIED'] } }, { not: { component: { in: ['api'] } } }],
      },
    },
  },
  ...filterExamples,
  {
    name: 'Everything under a vault',
    document: `# "under" takes a vault or folder and all that lies inside it today; "in" means just the ones named.
query UnderVault($vault: ID!) {
  logs(first: 50, filter: { directory: { under: [$vault] } }, order: { direction: ASC }) {
    nodes { recordedAt description actor { name } changes { field before after } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { vault: 'directory:put-an-id-from-Directories-here' },
  },
  {
    name: 'One entry, in full',
    document: `# Null when it does not exist, and also when you may not see it.
query OneEntry($id: ID!) {
  log(id: $id) {
    id
    recordedAt
    occurredAt
    description(locale: "en")
    outcome
    severity
    component
    action { key code name actionGroup template }
    # Names in an entry are those of its time; "current" is what is known today.
    actor { type id name email current { id name email } }
    affectedUser { id name email current { id name } }
    vault { id name }
    directory { id name current { id kind name path } }
    targets { type id name }
    ip
    userAgent
    device
    session
    request
    location
    changes { field before after }
    metadata
    # Null unless you see the whole log.
    position
  }
}
`,
    variables: { id: 'entry:00000000-0000-7000-8000-000000000000' },
  },
  {
    name: 'Anything by its id',
    document: `# Every "id" that Annals answers can be looked up again: entry:, action:, category:, actor:, directory:, organization:.
query AnythingById($id: ID!) {
  node(id: $id) {
    __typename
    id
    ... on Action { name category { name } severity defaultOutcome fields }
    ... on EventCategory { name actions { key } }
    # Aliases, because these may be null and the other names may not.
    ... on Actor { type actorName: name email }
    ... on Directory { kind directoryName: name path parent { id } }
    ... on LogEntry { occurredAt description }
    ... on Organization { name }
  }
}
`,
    variables: { id: 'action:passwork.item_viewed' },
  },
  {
    name: 'Event categories',
    document: `# The catalogues: what kinds of things can happen. Leave the variable out for all catalogues.
query EventCategories($catalogue: String) {
  eventCategories(catalogue: $catalogue) {
    key
    name
    description
    catalogue { name version }
    actionGroups { name description }
    actions { key name }
  }
}
`,
    variables: { catalogue: 'enpass' },
  },
  {
    name: 'Actions',
    document: `# Search all actions for a word; their keys are what filters and "recordLogs" take.
query Actions($search: String) {
  actions(search: $search) {
    key
    code
    codeIsCoined
    name
    description
    category { key name }
    actionGroup
    severity
    sourceSeverity
    fields
  }
}
`,
    variables: { search: 'export' },
  },
  ...statisticsExamples,
  ...questionExamples,
  {
    name: 'Actors',
    document: `# Whom you can filter by: the actors of entries that you see.
query Actors($search: String) {
  actors(search: $search, first: 20) {
    id
    externalId
    type
    name
    email
  }
}
`,
    variables: { search: '' },
  },
  {
    name: 'Directories',
    document: `# Vaults and folders whose entries you see.
query Directories($search: String) {
  directories(search: $search, first: 20) {
    id
    externalId
    kind
    name
    path
  }
}
`,
    variables: { search: '' },
  },
  {
    name: 'Record entries',
    document: `# Needs a credential with the permission RECORD. Run it twice: the idempotency key makes the second a REPEATED.
# The second entry is wrong on purpose: it gets an error of its own, and the first is recorded all the same.
mutation RecordEntries($input: RecordLogsInput!) {
  recordLogs(input: $input) {
    results {
      id
      status
      entry { description }
      error { code message cure path }
    }
  }
}
`,
    variables: {
      input: {
        entries: [
          {
            idempotencyKey: 'graphiql-example-1',
            action: 'passwork.item_viewed',
            actor: { id: 'alice', name: 'Alice Example', email: 'alice@example.com' },
            vault: { id: 'example-vault', name: 'Example vault' },
            targets: [{ type: 'item', id: 'example-item', name: 'Example item' }],
            component: 'web',
            ip: '192.0.2.10',
            metadata: { ticket: 'EX-1' },
          },
          { action: 'passwork.no_such_action' },
        ],
      },
    },
  },
  {
    name: 'Watch live',
    document: `# From now on. The first batch comes at once, with a cursor to resume from; then entries as they are recorded.
subscription WatchLive {
  logAdded {
    entries { recordedAt description severity actor { name } directory { name } }
    cursor
    caughtUp
    notice { code message }
  }
}
`,
  },
  {
    name: 'Watch from a page on',
    document: `# History after a cursor, then live, in order, without gap or repeat: a headCursor, a page's cursor, or the last one
# of an earlier stream. Use the filter that the cursor was made with.
subscription WatchAfter($after: String, $filter: LogFilter) {
  logAdded(after: $after, filter: $filter) {
    entries { id recordedAt description outcome }
    cursor
    caughtUp
    notice { code message }
  }
}
`,
    variables: { filter: { severity: { gte: 5 } } },
  },
  ...viewExamples,
  ...administrationExamples,
];
