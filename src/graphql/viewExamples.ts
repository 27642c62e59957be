/** Examples of saved views. */
import type { Example } from './examples.ts';

const view = 'view:00000000-0000-7000-8000-000000000000';

export const viewExamples: readonly Example[] = [
  {
    name: 'Save a view',
    document: `# A filter under a name, for yourself. Repeating it changes nothing; sharedWith needs the permission MANAGE_ROLES.
mutation SaveView($input: SaveViewInput!) {
  saveView(input: $input) { id name sharing sharedWith columns }
}
`,
    variables: {
      input: {
        name: 'Failed this week',
        description: 'What did not work, and who tried',
        filter: { outcome: { in: ['FAILURE', 'DENIED'] } },
        period: { time: 'OCCURRED_AT', within: { last: 1, unit: 'WEEK', whole: true, timeZone: 'Europe/Berlin' } },
        order: { field: 'OCCURRED_AT' },
        columns: ['OCCURRED_AT', 'ACTOR', 'DESCRIPTION', 'IP'],
      },
    },
  },
  {
    name: 'Saved views',
    document: `# Yours and those that are shared with your role. For the next page, pass endCursor as "after".
query SavedViews($after: String) {
  savedViews(first: 50, after: $after) {
    nodes { id name description mine owner { name } sharing columns problem { code message cure } }
    hasNextPage
    endCursor
  }
}
`,
  },
  {
    name: 'A saved view, to be edited',
    document: `# "filter" is what was saved, and fits a variable of type LogFilter. Null when you may not use it.
query SavedView($id: ID!) {
  savedView(id: $id) {
    name
    filter
    period { time gte lt within { last unit timeZone whole } }
    order { field direction }
    columns
    hiddenColumns
    sharedWith
    updatedAt
  }
}
`,
    variables: { id: view },
  },
  {
    name: 'Read through a saved view',
    document: `# Put an id of "savedViews" into "view". What you give as "filter" holds beside the view; your rights decide what you see.
query ThroughView($view: ID, $filter: LogFilter) {
  logs(view: $view, filter: $filter, first: 50) {
    nodes { occurredAt description actor { name } }
    pageInfo { hasNextPage endCursor }
    headCursor
  }
}
`,
    variables: { filter: { severity: { gte: 2 } } },
  },
  {
    name: 'Count through a saved view',
    document: `# Whatever takes a filter takes a view.
query CountThroughView($view: ID) {
  logStatistics(view: $view, groupBy: [ACTOR], top: 5) { total groups { keys { name } count } rest { count } }
}
`,
  },
  {
    name: 'Watch through a saved view',
    document: `# As the view is now: a stream keeps its filter when the view is changed. A period of the last days moves along.
subscription WatchThroughView($view: ID) {
  logAdded(view: $view) { entries { recordedAt description } cursor caughtUp notice { code message } }
}
`,
  },
  {
    name: 'Delete a view',
    document: `# Yours; or one that is shared, with the permission MANAGE_ROLES. Answers whether there was one.
mutation DeleteView($id: ID!) {
  deleteView(id: $id)
}
`,
    variables: { id: view },
  },
];
