/** The examples of questions that have a field of their own. */
import type { Example } from './examples.ts';

const person = 'put-the-external-id-of-a-member-here';
const since = '2026-01-01T00:00:00Z';

export const questionExamples: readonly Example[] = [
  {
    name: 'What to rotate when somebody leaves',
    document: `# Every secret that the person opened since a time, once, with how often and when. Vaults and folders stand for all that
# is in them. "complete" is false where the answer could not look at everything: then ask for a shorter period.
query WhatToRotate($actor: ID!, $since: DateTime!) {
  openedSecrets(actor: $actor, since: $since, first: 500) {
    secrets {
      type
      id
      name
      count
      firstSeen
      lastSeen
      newest { id description directory { name } }
    }
    secretCount
    complete
  }
}
`,
    variables: { actor: person, since },
  },
  {
    name: 'The history of an item',
    document: `# All that happened to one item. Of a vault or folder: { "directory": "…" }; of a person: { "member": "…" }. A page like any
# other of "logs": with "after: endCursor" it goes on, and "order: { direction: ASC }" begins with the oldest.
query History($of: HistorySubject!, $after: String) {
  history(of: $of, first: 20, after: $after) {
    nodes {
      id
      occurredAt
      description
      actor { name }
      changes { field before after }
    }
    totalCount
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { of: { item: 'put-the-id-of-an-item-here' } },
  },
  {
    name: 'What was done to my account',
    document: `# What another member, or a program, did to your account: your role, your groups, your ways to sign in. Of another
# account, as far as you see its entries, with "member".
query DoneToMyAccount($member: ID, $after: String) {
  accountChanges(member: $member, first: 20, after: $after) {
    nodes {
      occurredAt
      description
      actor { type name email }
      changes { field before after }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    name: 'What is new for a person',
    document: `# What the person's entries have since a time, and no entry of before has: devices; addresses with "IP"; what they did with
# "ACTION". A field that your role does not see is refused.
query NewForAPerson($actor: ID!, $field: NewValueField!, $since: DateTime!) {
  newValues(actor: $actor, field: $field, since: $since) {
    values {
      value
      action { name }
      count
      firstSeen
      lastSeen
      firstEntry { id description }
    }
    valueCount
    complete
    comparedWithAll
  }
}
`,
    variables: { actor: person, field: 'DEVICE', since },
  },
  {
    name: 'What has stopped',
    document: `# Actions that occurred at least five times in an earlier window, and not once since. A backup that no longer runs, a sync
# that went silent. With a filter: of one person, in one vault.
query Stopped($since: DateTime!, $quietSince: DateTime!, $among: LogFilter) {
  stoppedActions(filter: $among, since: $since, quietSince: $quietSince, atLeast: 5) {
    actions { action { key name } count firstSeen lastSeen }
    actionCount
  }
}
`,
    variables: { since, quietSince: '2026-03-01T00:00:00Z', among: { catalogue: { in: ['enpass', 'passwork'] } } },
  },
];
