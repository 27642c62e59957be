/** The operations that are asked in both worlds: at least one for each root field, and for each condition of a filter. */
import type { GraphQLSchema } from 'graphql';
import type { Management } from '../../src/administration/administration.ts';
import { logDimensions } from '../../src/query/query.ts';
import { newValueFields } from '../../src/query/questions.ts';
import { everything } from '../support/selection.ts';
import type { Variables } from '../support/twins.ts';

export type RoleInput = Parameters<Management['upsertRole']>[1];

export interface Operation {
  readonly arguments?: string;
  readonly variables?: Variables;
  /** Everything by default. */
  readonly selection?: string;
}

/** What operations may name. */
export interface Known {
  /** Global ids of entries that one of the worlds has, and the reader sees none of. */
  readonly hiddenEntries: readonly string[];
  readonly visibleEntries: readonly string[];
  /** Of visible entries, newest first, without a filter. */
  readonly cursors: readonly string[];
  /** Global ids of views that are shared with the reader’s role. */
  readonly views: readonly string[];
}

/**
 * Of views that an owner shares: by what is hidden, and by fields that are hidden from some roles. All visible entries match, so
 * that streams deliver them.
 */
export const viewFilters: readonly Variables[] = [
  { not: { actor: { in: ['ghost'] } } },
  { or: [{ directory: { under: ['hr', 'it'] } }, { not: { affectedUser: { in: ['victim'] } } }] },
  { component: { notIn: ['no such'] } },
  { not: { and: [{ ip: { in: ['198.51.100.0/24'] } }, { target: { in: ['no such'] } }] } },
];

/** People and places that only hidden entries name, or that the reader does not see. */
const hiddenPeople = ['ghost', 'victim', 'mole'];
const hiddenPlaces = ['hr', 'phoenix', 'cellar', 'closed', 'shed', 'annex', 'bunker', 'cave', 'burrow', 'den'];
const searches = ['SECRET', 'secret', 'hr', 'anna', 'ghost', '%', 'a', ''];

const ids = (known: Known) => [
  ...known.hiddenEntries.slice(0, 3),
  ...known.visibleEntries.slice(0, 2),
  ...[...hiddenPeople, 'anna', 'mara', 'ines', 'otto'].flatMap((id) => [`actor:MEMBER:${id}`, `actor:TOKEN:${id}`]),
  ...[...hiddenPlaces, 'it', 'servers', 'away', 'attic', 'new-folder', 'loft'].map((id) => `directory:${id}`),
  'action:passwork.item_viewed',
  'category:passwork.vaults',
  'organization:01890000-0000-7000-8000-000000000000',
  ...known.views,
  'view:01890000-0000-7000-8000-000000000000',
  'nothing',
];

/** Conditions by the member of LogFilter, each on what is hidden and on what is seen. */
export const conditions: Readonly<Record<string, readonly Variables[]>> = {
  and: [{ and: [{ actor: { in: ['ghost'] } }, { component: { in: ['SECRET part'] } }] }, { and: [] }],
  or: [{ or: [{ directory: { in: ['hr'] } }, { actor: { in: ['anna'] } }] }, { or: [] }],
  not: [{ not: { not: { directory: { under: ['hr', 'phoenix'] } } } }],
  action: [{ action: { in: ['passwork.vault_updated'] } }, { action: { notIn: ['passwork.item_viewed'] } }],
  category: [{ category: { in: ['passwork.vaults'] } }],
  catalogue: [{ catalogue: { in: ['passwork'] } }, { catalogue: { in: ['annals'] } }],
  actionGroup: [{ actionGroup: { notIn: ['Vault Management'] } }],
  actor: [{ actor: { in: ['ghost', 'anna'] } }, { actor: { notIn: ['ghost'] } }],
  affectedUser: [{ affectedUser: { in: ['victim'] } }, { affectedUser: { in: ['cleo', 'mara', 'ines'] } }],
  directory: [
    { directory: { in: ['hr', 'cellar', 'annex'] } },
    { directory: { under: ['hr'] } },
    { directory: { under: ['it'] } },
    { directory: { notIn: ['phoenix'] } },
  ],
  target: [{ target: { in: ['t9', 't1'] } }, { target: { type: { in: ['item'] } } }],
  outcome: [{ outcome: { in: ['DENIED'] } }, { outcome: { notIn: ['FAILURE'] } }],
  severity: [{ severity: { gte: 9 } }, { severity: { in: [5, 9] } }],
  component: [{ component: { in: ['SECRET part', 'web'] } }, { component: { notIn: ['web'] } }],
  vault: [{ vault: { in: ['hr', 'it'] } }, { vault: { exists: false } }],
  ip: [{ ip: { in: ['0.0.0.0/0', '::/0'] } }, { ip: { exists: true } }],
  userAgent: [{ userAgent: { exists: true } }],
  device: [{ device: { exists: true } }],
  session: [{ session: { notIn: ['SECRET'] } }],
  request: [{ request: { exists: false } }],
  location: [{ location: { exists: true } }],
  changes: [{ changes: { field: { in: ['role', 'SECRET'] } } }, { changes: { exists: true } }],
  metadata: [{ metadata: [{ key: ['SECRET'], exists: true }] }, { metadata: [{ exists: false }] }],
  text: [{ text: { contains: ['secret'] } }, { text: { contains: ['an', 'a@'], in: ['NAMES'] } }],
  occurredAt: [{ occurredAt: { within: { last: 1, unit: 'DAY' } } }, { occurredAt: { gte: '2020-01-01T00:00:00Z' } }],
  recordedAt: [{ recordedAt: { lt: '2020-01-01T00:00:00Z' } }],
};

/** Each condition, bare and wrapped in every way. */
export const filters = (): Variables[] =>
  Object.values(conditions)
    .flat()
    .flatMap((filter) => [
      filter,
      { not: filter },
      { or: [filter, { actor: { in: ['anna'] } }] },
      { and: [{ not: { or: [filter, { or: [] }] } }, {}] },
    ]);

const pages = ({ cursors }: Known): Operation[] => {
  const [first, second, third] = [cursors[0], cursors[Math.floor(cursors.length / 2)], cursors.at(-1)];
  const directions = ['{ direction: ASC }', '{ direction: DESC }', '{ field: OCCURRED_AT }'];
  const spans = [first, second, third].flatMap((cursor) => [
    { first: 2, after: cursor },
    { last: 2, before: cursor },
    { first: 0, after: cursor },
    { last: 500, before: cursor, after: third },
  ]);
  return [{}, { first: 1 }, { last: 1 }, { first: 501 }, { first: 1, last: 1 }, { after: 'AAAA' }, ...spans].flatMap(
    (page) =>
      directions.map((order) => ({
        arguments: `($first: Int, $after: String, $last: Int, $before: String) first: $first, after: $after, last: $last, before: $before, order: ${order}`,
        variables: page,
      })),
  );
};

const each = (declared: string, used: string, values: readonly unknown[]): Operation[] =>
  values.map((value) => ({ arguments: `($v: ${declared}) ${used}`, variables: { v: value } }));

/** Which entries, and all that is said of the page as a whole. */
const outline = `{ edges { cursor node { id description } } headCursor totalCount totalCountIsExact
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;

/** Every dimension alone and beside another, by either time, over time and not. */
const dimensions = [...logDimensions];
/** Through each view, and through none that is there. */
const through = ({ views }: Known, used: string): Operation[] =>
  each('ID', `${used} view: $v`, [...views, 'view:01890000-0000-7000-8000-000000000000', 'nothing']);

const statisticsAsked: Operation[] = [
  {},
  ...dimensions.flatMap((one, index) => [
    { arguments: `groupBy: [${one}], interval: HOUR, time: RECORDED_AT` },
    { arguments: `groupBy: [${one}, ${dimensions[(index + 1) % dimensions.length]}], top: 2, interval: WEEK` },
  ]),
];

const plain: Operation[] = [{}];
const entriesToRecord = [
  { action: 'passwork.item_viewed', vault: { id: 'it' }, actor: { id: 'anna' }, idempotencyKey: 'k1' },
  { action: 'passwork.item_viewed', vault: { id: 'hr' }, actor: { id: 'ghost' } },
  { action: 'no.such' },
];
const people = [...hiddenPeople, 'anna', 'mara', 'ines', 'otto', 'owner'];

/** Moments before, between and after the entries. */
const since = (): string[] => ['2020-01-01T00:00:00Z', new Date(Date.now() - 60_000).toISOString()];
const later = () => new Date(Date.now() + 86_400_000).toISOString();

const histories = (): Operation[] => [
  ...each('ID', 'of: { item: $v }', ['t1', 't9', 'none']),
  ...each('ID', 'of: { directory: $v }', [...hiddenPlaces, 'it', 'directory:away', 'none']),
  ...each('ID', 'of: { member: $v }', [...people, 'actor:MEMBER:ghost']),
  ...each('LogFilter', 'of: { directory: "it" }, filter: $v, first: 2', [
    { not: { actor: { in: ['ghost'] } } },
    { component: { in: ['SECRET part'] } },
  ]),
];

export const queries: Readonly<Record<string, (known: Known) => Operation[]>> = {
  viewer: () => plain,
  organization: () => plain,
  eventCategories: () => [{}, ...each('String', 'catalogue: $v', ['passwork', 'none'])],
  actions: () => each('String', 'search: $v', ['SECRET', 'vault']),
  logs: (known) => [
    ...pages(known),
    ...each('LogFilter', 'filter: $v', filters()).map((operation) => ({ ...operation, selection: outline })),
    ...through(known, 'first: 3'),
    ...through(known, 'filter: { actor: { notIn: ["anna"] } }'),
  ],
  log: (known) => each('ID!', 'id: $v', [...known.hiddenEntries, ...known.visibleEntries.slice(0, 2), 'nothing']),
  logsAround: (known) => [
    ...each('ID!', 'id: $v', [...known.hiddenEntries, ...known.visibleEntries.slice(0, 3), 'nothing']),
    ...each('LogFilter', `id: "${known.visibleEntries[0]}", filter: $v`, [{ not: { actor: { in: ['ghost'] } } }]),
    ...through(known, `id: "${known.visibleEntries[0]}"`),
  ],
  node: (known) => each('ID!', 'id: $v', ids(known)),
  actors: () => [{}, ...each('String', 'search: $v', searches), ...each('Int', 'first: $v', [0, 1, 501])],
  directories: () => [
    {},
    ...each('String', 'search: $v', searches),
    ...each('ID', 'under: $v', [...hiddenPlaces, 'it', 'away', 'none']),
    ...each('Int', 'first: $v', [0, 1, 501]),
  ],
  logStatistics: (known) => [
    ...through(known, 'groupBy: [ACTOR], interval: DAY'),
    ...statisticsAsked,
    ...each('LogFilter', 'filter: $v, groupBy: [ACTOR, DIRECTORY], top: 3', filters()).map((operation) => ({
      ...operation,
      selection: '{ total firstSeen lastSeen groups { keys { value name } count lastSeen } rest { groups count } }',
    })),
    ...each('Int', 'groupBy: [ACTION], top: $v', [0, 1, 501]),
    ...each('String', 'timeZone: $v, interval: DAY', ['Asia/Kolkata', 'Nowhere']),
  ],
  filterValues: (known) => [
    ...through(known, 'field: ACTOR'),
    ...each('LogDimension!', 'field: $v', dimensions),
    ...dimensions.flatMap((field) => each('String', `field: ${field}, search: $v`, [...searches, '1', 'it'])),
    ...each('Int', 'field: ACTOR, first: $v', [0, 1, 501]),
  ],
  history: ({ cursors }) => [
    ...histories(),
    ...each('String', 'of: { member: "anna" }, after: $v', [cursors[0], 'AAAA']),
    ...each('HistorySubject!', 'of: $v, order: { field: OCCURRED_AT }', [
      { item: 't1' },
      { item: 't1', member: 'anna' },
    ]),
  ],
  accountChanges: () => [
    {},
    ...each('ID', 'member: $v', people),
    ...each('LogFilter', 'member: "mara", filter: $v', [{ not: { actor: { in: ['ghost'] } } }]),
  ],
  openedSecrets: () =>
    since().flatMap((from) => [
      ...each('ID!', `since: "${from}", actor: $v`, [...people, 'ben', 'actor:TOKEN:ghost', 'none']),
      ...each('Int', `since: "${from}", until: "${later()}", actor: "anna", first: $v`, [0, 1, 501]),
    ]),
  newValues: () =>
    since().flatMap((from) =>
      newValueFields.flatMap((field) => [
        ...each('ID!', `since: "${from}", field: ${field}, actor: $v`, [...people, 'ben', 'none']),
        ...each('Int', `since: "${from}", field: ${field}, actor: "anna", first: $v`, [0, 1, 501]),
      ]),
    ),
  stoppedActions: () => [
    ...since().map((from) => ({
      arguments: `since: "${from}", quietSince: "${later()}"`,
    })),
    ...each('LogFilter', `since: "${since()[0]}", quietSince: "${later()}", filter: $v`, filters()),
    ...each('Int', `since: "${since()[0]}", quietSince: "${later()}", atLeast: $v`, [0, 2, 3]),
    ...each('Int', `since: "${since()[0]}", quietSince: "${since()[1]}", first: $v`, [0, 1, 501]),
  ],
  accessTo: (known) =>
    each('ID!', 'entry: $v, almost: true', [...known.hiddenEntries.slice(0, 3), ...known.visibleEntries.slice(0, 2)]),
  visibilityOf: () => each('ID!', 'member: $v', people),
  asMember: () => each('ID!', 'member: $v', people),
  members: () => [{}, ...each('String', 'search: $v', searches)],
  groups: () => plain,
  grants: () => [{}, ...each('ID', 'directoryId: $v', hiddenPlaces), ...each('ID', 'memberId: $v', people)],
  roles: () => plain,
  tokens: () => plain,
  jwtIssuers: () => plain,
  guards: () => plain,
  pendingChanges: () => [{}, ...each('PendingState', 'state: $v', ['DONE'])],
  savedViews: () => [{}, ...each('String', 'name: $v', ['View 1', 'ghost'])],
  savedView: ({ views }) => each('ID!', 'id: $v', [...views, 'view:01890000-0000-7000-8000-000000000000', 'nothing']),
};

/** In the order in which they are done. Whoever may manage, and not see, asks about what is hidden here too. */
export const mutations: Readonly<Record<string, (known: Known) => Operation[]>> = {
  recordLogs: () =>
    [true, false].flatMap((allOrNothing) =>
      each('RecordLogsInput!', 'input: $v', [{ entries: entriesToRecord, allOrNothing }]),
    ),
  upsertMembers: () =>
    each('[UpsertMemberInput!]!', 'members: $v', [[{ id: 'ghost', name: 'Gus', email: null, role: 'MEMBER' }]]),
  removeMembers: () => each('[ID!]!', 'ids: $v', [['victim', 'ghost']]),
  upsertGroups: () => each('[UpsertGroupInput!]!', 'groups: $v', [[{ id: 'g2', name: 'Two', memberIds: ['mara'] }]]),
  removeGroups: () => each('[ID!]!', 'ids: $v', [['g2', 'none']]),
  setGrants: () =>
    each(
      '[GrantInput!]!',
      'grants: $v',
      ['it', 'phoenix', 'nowhere', 'hr'].map((directoryId) => [
        { directoryId, memberId: 'otto', level: 'FULL_ACCESS' },
      ]),
    ),
  removeGrants: () =>
    each(
      '[GrantKeyInput!]!',
      'grants: $v',
      ['it', 'phoenix', 'nowhere', 'hr'].map((directoryId) => [{ directoryId, memberId: 'ines' }]),
    ),
  upsertDirectories: () =>
    each(
      '[UpsertDirectoryInput!]!',
      'directories: $v',
      ['cupboard', 'it', 'phoenix', 'cellar'].map((id) => [{ id }]),
    ),
  removeDirectories: () => each('[ID!]!', 'ids: $v', [['cupboard'], ['phoenix']]),
  synchronize: () =>
    each('SynchronizeInput!', 'input: $v, dryRun: true', [{ members: [], groups: [], directories: [], grants: [] }]),
  upsertRole: () => each('RoleInput!', 'input: $v', [{ key: 'OTHER', name: 'Other' }]),
  removeRole: () => each('String!', 'key: $v', ['OTHER', 'NONE']),
  createToken: () =>
    each('CreateTokenInput!', 'input: $v', [
      { name: 't', memberId: 'otto' },
      { name: 't', role: 'INTEGRATION' },
    ]),
  upsertJwtIssuer: () =>
    each(
      'JwtIssuerInput!',
      'input: $v',
      [['INTEGRATION'], ['MEMBER'], ['GHOST']].map((roles) => ({
        name: 'Other',
        issuer: 'other',
        audience: 'annals',
        algorithms: ['EdDSA'],
        keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] },
        roles,
      })),
    ),
  removeJwtIssuer: () => each('ID!', 'id: $v', ['01890000-0000-7000-8000-000000000000']),
  updateToken: () =>
    each('UpdateTokenInput!', 'input: $v', [
      { id: '01890000-0000-7000-8000-000000000000', name: 'n' },
      { id: 'nothing', allowedNetworks: [] },
    ]),
  rotateToken: () => each('ID!', 'id: $v', ['01890000-0000-7000-8000-000000000000', 'nothing']),
  revokeToken: () => each('ID!', 'id: $v', ['01890000-0000-7000-8000-000000000000']),
  saveView: ({ views }) => [
    ...each(
      'SaveViewInput!',
      'input: $v',
      filters().map((filter) => ({ name: 'Mine', filter })),
    ),
    ...each('SaveViewInput!', 'input: $v', [
      { name: 'Shared', sharedWith: ['MEMBER'] },
      { id: views[0], name: 'Taken over', columns: ['POSITION', 'COMPONENT'] },
      { name: 'Of a time', period: { within: { last: 3, unit: 'DAY' } } },
    ]),
  ],
  deleteView: ({ views }) =>
    each('ID!', 'id: $v', [...views.slice(0, 1), 'view:01890000-0000-7000-8000-000000000000', 'nothing']),
  setGuard: () =>
    each('SetGuardInput!', 'input: $v', [{ operation: 'CHANGE_OWNERS', delaySeconds: 60, secondPerson: false }]),
  approveChange: () => each('ID!', 'id: $v', ['01890000-0000-7000-8000-000000000000', 'nothing']),
  cancelChange: () => each('ID!', 'id: $v', ['01890000-0000-7000-8000-000000000000', 'nothing']),
};

export const subscriptions: Readonly<Record<string, (known: Known) => Operation[]>> = {
  logAdded: (known) => [
    {},
    ...through(known, ''),
    ...each('String', 'after: $v', [known.cursors[0], known.cursors.at(-1), 'AAAA']),
    ...each('LogFilter', 'filter: $v', [{ not: { actor: { in: ['ghost'] } } }, { directory: { notIn: ['hr'] } }]),
  ],
};

/** The whole operation, asking for everything that its field can answer. */
export function documentOf(
  schema: GraphQLSchema,
  kind: 'query' | 'mutation' | 'subscription',
  field: string,
  operation: Operation,
) {
  const type = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  const definition = type[kind]?.getFields()[field];
  if (definition === undefined) throw new TypeError(`no field ${field}`);
  const [, declared = '', used = ''] = /^(\([^)]*\))? ?(.*)$/s.exec(operation.arguments ?? '') ?? [];
  return `${kind} ${declared} { ${field} ${used === '' ? '' : `(${used})`} ${operation.selection ?? everything(schema, definition.type)} }`;
}
