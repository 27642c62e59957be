import type { Example } from './examples.ts';

/** The filter language by example: together they use every condition. */
export const filterExamples: readonly Example[] = [
  {
    name: 'Filter: what happened',
    document: `# By kind of event, outcome and severity. "actions" and "eventCategories" list what can stand here.
query WhatHappened($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    nodes { occurredAt description outcome severity action { key } category { key } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        catalogue: { in: ['passwork', 'enpass'] },
        category: { notIn: ['passwork.vaults'] },
        action: { notIn: ['passwork.item_viewed'] },
        actionGroup: { notIn: ['Vault Management'] },
        outcome: { in: ['FAILURE', 'DENIED'] },
        severity: { gte: 3, lt: 9 },
      },
    },
  },
  {
    name: 'Filter: who and to whom',
    document: `# "exists" tells what has a value from what has none. "actors" lists whom you can filter by.
query WhoAndToWhom($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    nodes { occurredAt description actor { type id name } affectedUser { id name } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        actor: { type: { in: ['MEMBER', 'TOKEN'] }, notIn: ['put-the-external-id-of-somebody-here'] },
        affectedUser: { exists: true },
      },
    },
  },
  {
    name: 'Filter: where and to what',
    document: `# "vault" and "directory" of the entry itself; "under" goes by the tree of today.
query WhereAndToWhat($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    nodes { occurredAt description vault { id name } directory { id name } targets { type id name } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        vault: { exists: true },
        directory: { notIn: ['put-the-external-id-of-a-folder-here'] },
        target: { type: { in: ['item', 'link'] } },
      },
    },
  },
  {
    name: 'Filter: from where',
    document: `# Addresses and networks, IPv4 and IPv6; texts are compared exactly.
query FromWhere($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    nodes { occurredAt description ip userAgent device session request location component }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        ip: { in: ['10.0.0.0/8', '192.0.2.10', '2001:db8::/32'], notIn: ['10.0.0.1'] },
        component: { in: ['web', 'mobile'] },
        session: { exists: true },
        or: [{ device: { exists: true } }, { userAgent: { exists: true } }, { location: { in: ['Vienna, AT'] } }],
        not: { request: { in: ['a-request-of-no-interest'] } },
      },
    },
  },
  {
    name: 'Filter: changes and metadata',
    document: `# Keys lead through the objects of the metadata. "changes" names the fields that were changed.
query ChangesAndMetadata($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    nodes { occurredAt description changes { field before after } metadata }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        or: [
          { changes: { field: { in: ['role', 'access level'] } } },
          {
            metadata: [
              { key: ['client', 'version'], in: ['7.2.1'] },
              { key: ['attempt'], notIn: [1] },
            ],
          },
          { metadata: [{ key: ['ticket'], exists: true }] },
        ],
      },
    },
  },
  {
    name: 'Filter: by text',
    document: `# Every one of the texts stands somewhere in the entry, whatever the case. Ordered by when it happened.
query ByText($filter: LogFilter) {
  logs(first: 50, filter: $filter, order: { field: OCCURRED_AT, direction: DESC }) {
    nodes { occurredAt recordedAt description }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { filter: { text: { contains: ['bank', 'portal'], in: ['NAMES', 'TARGETS', 'CHANGES'] } } },
  },
  {
    name: 'Filter: in the last days',
    document: `# A period that ends now, on the calendar of a time zone: "whole" days begin at midnight, and the last one is today.
query InTheLastDays($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    totalCount
    nodes { occurredAt description }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        occurredAt: { within: { last: 7, unit: 'DAY', timeZone: 'Europe/Berlin', whole: true } },
        recordedAt: { gte: '2026-01-01T00:00:00Z' },
      },
    },
  },
  {
    name: 'Filter: combined and negated',
    document: `# "and", "or" and "not" nest. A mistake is named by its place, such as filter.or[1].not.ip.in[0].
query CombinedAndNegated($filter: LogFilter) {
  logs(first: 50, filter: $filter) {
    nodes { occurredAt description outcome }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: {
      filter: {
        and: [{ severity: { gte: 2 } }, { not: { actor: { type: { in: ['SYSTEM'] } } } }],
        or: [{ outcome: { notIn: ['SUCCESS'] } }, { not: { ip: { in: ['10.0.0.0/8'] } } }],
      },
    },
  },
  {
    name: 'Around an entry',
    document: `# What was recorded before and after it, as far as you see it. Null when it does not exist or is not visible.
query AroundAnEntry($id: ID!, $filter: LogFilter) {
  logsAround(id: $id, filter: $filter) {
    newer(last: 10) { nodes { recordedAt action { key } outcome } pageInfo { startCursor hasPreviousPage } }
    entry { recordedAt action { key } outcome }
    older(first: 10) { nodes { recordedAt action { key } outcome } pageInfo { endCursor hasNextPage } }
  }
}
`,
    variables: { id: 'entry:00000000-0000-7000-8000-000000000000' },
  },
];
