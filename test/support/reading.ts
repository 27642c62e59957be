/** Random organizations, entries and filters for the tests of reading. Small pools, so that they meet. */
import fc from 'fast-check';
import type { World } from '../../src/administration/administration.ts';
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import { actorTypes, type EntryInput, type Json, outcomes } from '../../src/model/entry.ts';
import { accessLevels } from '../../src/model/role.ts';
import { textFields } from '../../src/model/text.ts';
import type { LogFilter } from '../../src/query/query.ts';
import type { Reader } from './oracle.ts';

export const people = ['m0', 'm1', 'm2', 'm3', 'guest'] as const;
export const members = people.slice(0, 4);
const directories = Array.from({ length: 8 }, (_, index) => `d${index}`);
/** A vault and its folder that no world knows: they register when an entry names them. */
export const unknownPlaces = { vault: 'new-vault', folder: 'new-folder' } as const;
const places = [...directories, unknownPlaces.vault];
const components = ['web', 'mobile', 'Web'];
const targetTypes = ['item', 'link'];
const targetIds = ['t1', 't2', "t'3"];
const addresses = ['10.0.0.1', '10.0.1.1', '::ffff:10.0.0.1', '2001:db8::1', '2001:db8:1::1'];
const networks = ['10.0.0.1', '10.0.0.0/16', '0.0.0.0/0', '::ffff:10.0.0.0/120', '::/0', '2001:db8::/48'];
const words = ['alpha', 'Alpha', 'beta'];
const names = ['Mia Chën', 'STRASSE 7', 'Straße 8', '100%_\\'];
/** Parts of what entries have, in another case, and what none has. */
const sought = [
  'ALPH',
  'eta',
  'mia chën',
  'CHE\u0308N',
  'ß',
  'strasse',
  '0%_\\',
  '%a',
  '10.0.',
  '2001:DB8',
  "T'3",
  'rol',
  'none at all',
];
const fields = ['role', 'name'];
const metadata: fc.Arbitrary<NonNullable<EntryInput['metadata']>> = fc.record(
  {
    tag: fc.constantFrom('x', 'y', 1, true, null),
    tags: fc.constantFrom(['x'], ['x', 1], []),
    client: fc.record({ version: fc.constantFrom('1', '2', 1) }),
  },
  { requiredKeys: [] },
);

/** Keys that cover every catalogue, and actions with a group and without. */
export const someActions = (catalogue: Catalogue): string[] =>
  catalogue.actions.filter((_, index) => index % 19 === 0).map((action) => action.key);

const rare = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 2, nil: null });

/** Parents stand before their children; members hold grants of their own and through groups, at every level. */
export const world: fc.Arbitrary<World> = fc
  .record({
    parents: fc.array(rare(fc.nat()), { minLength: directories.length, maxLength: directories.length }),
    memberships: fc.uniqueArray(fc.constantFrom(...members), { maxLength: 3 }),
    grants: fc.uniqueArray(
      fc.record({
        directory: fc.constantFrom(...directories),
        subject: fc.constantFrom(...members, 'group'),
        level: fc.constantFrom(...accessLevels, 'ADMINISTRATOR' as const),
      }),
      { minLength: 5, maxLength: 10, selector: ({ directory, subject }) => `${directory} ${subject}` },
    ),
    roles: fc.array(fc.constantFrom('MEMBER', 'MEMBER', 'MEMBER', 'AUDITOR'), { minLength: 4, maxLength: 4 }),
  })
  .map(({ parents, memberships, grants, roles }) => ({
    members: members.map((id, index) => ({
      externalId: id,
      name: `Name ${id}`,
      email: `${id}@example.com`,
      role: roles[index] ?? null,
    })),
    groups: [{ externalId: 'group', name: 'Group', memberIds: memberships }],
    directories: directories.map((id, index) => {
      const parent = index === 0 ? null : (parents[index] ?? null);
      const parentId = parent === null ? null : `d${parent % index}`;
      const kind = parentId === null ? ('VAULT' as const) : ('FOLDER' as const);
      return { externalId: id, name: `Name ${id}`, kind, parentId };
    }),
    grants: grants.map(({ directory, subject, level }) => ({
      directoryId: directory,
      subject: subject === 'group' ? { groupId: subject } : { memberId: subject },
      level,
    })),
  }));

/** The tree of a world, and of what entries register beside it. */
export function treeOf(from: Pick<World, 'directories'>): Map<string, string | null> {
  const tree = new Map<string, string | null>(from.directories.map((one) => [one.externalId, one.parentId]));
  return tree.set(unknownPlaces.vault, null).set(unknownPlaces.folder, unknownPlaces.vault);
}

/** A member as the oracle needs it. */
export function readerOf(from: World, id: string): Reader {
  const groups = from.groups.filter((group) => group.memberIds.includes(id)).map((group) => group.externalId);
  const grantsOf = (isSubject: (subject: World['grants'][number]['subject']) => boolean) =>
    new Map(
      from.grants
        .filter(({ subject }) => isSubject(subject))
        .map(({ directoryId, level }) => [directoryId, level === 'ADMINISTRATOR']),
    );
  const grants = [
    grantsOf((subject) => 'memberId' in subject && subject.memberId === id),
    ...groups.map((group) => grantsOf((subject) => 'groupId' in subject && subject.groupId === group)),
  ];
  const role = from.members.find((member) => member.externalId === id)?.role ?? 'NONE';
  return { member: id, role, grants };
}

const placed: fc.Arbitrary<Pick<EntryInput, 'vault' | 'directory'>> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.constantFrom(...places).map((id) => ({ vault: { id } })) },
  { weight: 5, arbitrary: fc.constantFrom(...directories).map((id) => ({ vault: { id: 'd0' }, directory: { id } })) },
  {
    weight: 1,
    arbitrary: fc.constant({ vault: { id: unknownPlaces.vault }, directory: { id: unknownPlaces.folder } }),
  },
);

/** Entries that lack this and that; `from` is the time they happened around. */
export const entryInput = (catalogue: Catalogue, from: number): fc.Arbitrary<EntryInput> =>
  fc
    .record({
      action: fc.constantFrom(...someActions(catalogue)),
      occurredAt: rare(fc.integer({ min: -20, max: 20 }).map((seconds) => new Date(from + seconds * 1000))),
      outcome: rare(fc.constantFrom(...outcomes)),
      severity: rare(fc.integer({ min: 1, max: 10 })),
      component: rare(fc.constantFrom(...components)),
      actor: rare(
        fc.record({
          id: rare(fc.constantFrom(...people)),
          type: rare(fc.constantFrom(...actorTypes)),
          email: rare(fc.constantFrom('mia@x.example', 'ALPHA@x.example')),
        }),
      ),
      affectedUser: rare(fc.record({ id: fc.constantFrom(...people), name: rare(fc.constantFrom(...names)) })),
      targets: rare(
        fc.array(
          fc.record({
            type: fc.constantFrom(...targetTypes),
            id: rare(fc.constantFrom(...targetIds)),
            name: rare(fc.constantFrom(...names)),
          }),
          { maxLength: 2 },
        ),
      ),
      ip: rare(fc.constantFrom(...addresses)),
      userAgent: rare(fc.constantFrom(...words)),
      device: rare(fc.constantFrom(...words)),
      session: rare(fc.constantFrom(...words)),
      request: rare(fc.constantFrom(...words)),
      location: rare(fc.constantFrom(...words)),
      changes: rare(fc.array(fc.record({ field: fc.constantFrom(...fields) }), { maxLength: 2 })),
      metadata: rare(metadata),
      placed,
    })
    .map(({ placed: where, ...rest }) => ({ ...rest, ...where }));

const lists = <T>(...values: readonly T[]) => fc.array(fc.constantFrom(...values), { maxLength: 3 });
const set = <T>(...values: readonly T[]) =>
  fc.record({ in: rare(lists(...values)), notIn: rare(lists(...values)) }, { requiredKeys: [] });

/**
 * Filters over every condition, with unknown ids, empty lists and nulls, some four levels deep.
 * @param still whether the clock stands still while the filter is used: if not, no period that ends now begins among the entries
 */
export function logFilter(
  catalogue: Catalogue,
  from: number,
  { still = true }: { readonly still?: boolean } = {},
): fc.Arbitrary<LogFilter> {
  const keys = someActions(catalogue);
  const actions = catalogue.actions.filter((action) => keys.includes(action.key));
  const categories = [...new Set(actions.map((action) => action.category))];
  const groups = actions.flatMap((action) => action.actionGroup ?? []);
  const bound = rare(fc.integer({ min: -25, max: 60 }).map((seconds) => new Date(from + seconds * 1000).toISOString()));
  const period = fc.record({ gte: bound, lt: bound }, { requiredKeys: [] });
  const idsOf = set(...people, 'nobody');
  const directory = fc.record({ under: rare(lists(...places, unknownPlaces.folder, 'nowhere')) }, { requiredKeys: [] });
  const level = rare(fc.integer({ min: 0, max: 11 }));
  const range = fc.record({ gte: level, lt: level }, { requiredKeys: [] });
  const within = fc.record({
    last: fc.integer({ min: 1, max: 3 }),
    unit: still ? fc.constantFrom('MINUTE', 'HOUR', 'DAY') : fc.constant('DAY'),
    timeZone: rare(fc.constantFrom('UTC', 'Etc/GMT-14')),
    whole: rare(fc.constant(false)),
  });
  const times = fc.tuple(period, rare(within)).map(([one, two]) => ({ ...one, within: two }));
  const exists = fc.record({ exists: rare(fc.boolean()) }, { requiredKeys: [] });
  const optional = <T>(condition: fc.Arbitrary<T>) =>
    fc.tuple(condition, exists).map(([one, two]) => ({ ...one, ...two }));
  const keyed = fc.record({ key: fc.constantFrom(['tag'], ['tags'], ['client', 'version'], ['client'], ['no']) });
  const scalars = set<Json>('x', 'y', 1, '1', true);
  const leaf: fc.Arbitrary<LogFilter> = fc.oneof(
    set(...keys).map((action) => ({ action })),
    set(...categories).map((category) => ({ category })),
    set(...catalogue.catalogues.map((one) => one.key)).map((key) => ({ catalogue: key })),
    set(...groups, 'No Such Group').map((actionGroup) => ({ actionGroup })),
    fc.tuple(optional(idsOf), rare(set(...actorTypes))).map(([condition, type]) => ({ actor: { ...condition, type } })),
    optional(idsOf).map((affectedUser) => ({ affectedUser })),
    fc.tuple(optional(set(...places, 'nowhere')), directory).map(([one, two]) => ({ directory: { ...one, ...two } })),
    optional(set(...places, 'nowhere')).map((vault) => ({ vault })),
    fc
      .constantFrom('userAgent', 'device', 'session', 'request', 'location')
      .chain((field) => optional(set(...words, 'none')).map((condition) => ({ [field]: condition }))),
    optional(set(...networks)).map((ip) => ({ ip })),
    fc.tuple(exists, rare(set(...fields, 'none'))).map(([one, field]) => ({ changes: { ...one, field } })),
    fc
      .array(fc.tuple(optional(scalars), keyed), { maxLength: 2 })
      .map((conditions) => ({ metadata: conditions.map(([one, two]) => ({ ...one, ...two })) })),
    exists.map((condition) => ({ metadata: [condition] })),
    fc
      .tuple(optional(set(...targetIds, 'none')), rare(set(...targetTypes, 'none')))
      .map(([ids, type]) => ({ target: { ...ids, type } })),
    set(...outcomes).map((outcome) => ({ outcome })),
    fc.tuple(set(1, 2, 5, 9, 99), range).map(([one, two]) => ({ severity: { ...one, ...two } })),
    optional(set(...components, 'none')).map((component) => ({ component })),
    fc
      .record({
        contains: fc.array(fc.constantFrom(...sought), { maxLength: 2 }),
        in: rare(fc.uniqueArray(fc.constantFrom(...textFields), { maxLength: 3 })),
      })
      .map((text) => ({ text })),
    times.map((occurredAt) => ({ occurredAt })),
    times.map((recordedAt) => ({ recordedAt })),
  );
  return fc.letrec<{ tree: LogFilter }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 3, arbitrary: leaf },
      { weight: 2, arbitrary: fc.tuple(leaf, leaf).map(([one, two]) => ({ ...one, ...two })) },
      { weight: 1, arbitrary: fc.array(tie('tree'), { maxLength: 3 }).map((and) => ({ and })) },
      { weight: 2, arbitrary: fc.array(tie('tree'), { maxLength: 3 }).map((or) => ({ or })) },
      { weight: 2, arbitrary: tie('tree').map((not) => ({ not })) },
      { weight: 1, arbitrary: fc.tuple(leaf, tie('tree')).map(([one, or]) => ({ ...one, or: [or, {}], not: or })) },
    ),
  })).tree;
}
