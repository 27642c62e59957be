/** The examples of counting. */
import type { Example } from './examples.ts';

export const statisticsExamples: readonly Example[] = [
  {
    name: 'Statistics over time',
    document: `# The days since a time, counted in a time zone, with the five largest categories of each told apart. Always exact, and
# of what you see only. For a single number leave "interval" and "groupBy" out.
query Statistics($since: DateTime!, $timeZone: String) {
  logStatistics(
    filter: { occurredAt: { gte: $since } }
    interval: DAY
    timeZone: $timeZone
    groupBy: [CATEGORY]
    top: 5
  ) {
    total
    firstSeen
    lastSeen
    buckets { start end count }
    groups {
      keys { value name }
      count
      lastSeen
      buckets { start count }
    }
    rest { groups count buckets { start count } }
  }
}
`,
    variables: { since: '2026-01-01T00:00:00Z', timeZone: 'Europe/Vienna' },
  },
  {
    name: 'Who is denied most',
    document: `# Two dimensions together: each person with each outcome but success. Without "interval" nothing is counted over time.
query DeniedMost {
  logStatistics(filter: { outcome: { notIn: [SUCCESS] } }, groupBy: [ACTOR, OUTCOME], top: 10) {
    total
    distinctActors
    groups {
      keys { value actor { name email } }
      count
      firstSeen
      lastSeen
    }
    rest { groups count }
  }
}
`,
  },
  {
    name: 'Values of a filter',
    document: `# What a filter can be set to, the most frequent first: of the entries that you see.
query FilterValues($field: LogDimension!, $search: String) {
  filterValues(field: $field, search: $search, first: 20) {
    key { value name }
    count
    lastSeen
  }
}
`,
    variables: { field: 'ACTOR', search: '' },
  },
  {
    name: 'What happens how often',
    document: `# Every action with its count since a time: one statement, however many actions.
query Activity($since: DateTime!) {
  eventCategories {
    name
    activity(filter: { occurredAt: { gte: $since } }) { count lastSeen }
    actions {
      key
      activity(filter: { occurredAt: { gte: $since } }) { count lastSeen }
    }
  }
}
`,
    variables: { since: '2026-01-01T00:00:00Z' },
  },
];
