/** What happened in the two worlds, for each kind of reader: entries that it sees, and between them entries that it does not. */
import type { World } from '../../src/administration/administration.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import type { RoleInput } from './operations.ts';

export interface Happening {
  readonly input: EntryInput;
  /** Only in the other world. */
  readonly hidden: boolean;
}

/** The claims of a JWT that states its rights. */
export interface Stated {
  readonly subject: string;
  readonly annals: Readonly<Record<string, unknown>>;
}

export interface Reader {
  readonly name: string;
  readonly actsAs: { readonly member: string } | { readonly role: string } | { readonly stated: Stated };
  readonly happenings: readonly Happening[];
  /** A visible entry as it is in the other world: other values in the fields that are hidden from the reader. */
  readonly otherwise?: (input: EntryInput) => EntryInput;
  /** While a stream is open: each visible entry with the hidden ones before it. */
  readonly later: readonly Happening[];
  /** Places that hidden entries met and named first, and on which it is granted something then. */
  readonly given?: readonly string[];
}

/** In whatever only hidden entries say. */
export const secret = 'SECRET';

const viewed = 'passwork.item_viewed';
const renamed = 'passwork.vault_updated';
const anna = { id: 'anna', name: 'Anna Seen', email: 'anna@seen.example' };
const it = { id: 'it', name: 'IT' };
const servers = { id: 'servers', name: 'Servers' };
const detail = { ip: '192.0.2.7', component: 'web', session: 's1', metadata: { note: 'seen' } };

const shown = (input: EntryInput): Happening => ({ input, hidden: false });
const hide = (input: EntryInput): Happening => ({
  input: { ip: '198.51.100.9', component: `${secret} part`, metadata: { note: secret }, ...input },
  hidden: true,
});

/** Hidden from everybody here: another vault and new folders in it, new people, and other names of those who are known. */
const elsewhere: readonly Happening[] = [
  hide({
    action: viewed,
    actor: { id: 'ghost', name: `Ghost ${secret}`, email: `${secret}@ghost.example` },
    vault: { id: 'hr' },
  }),
  hide({
    action: viewed,
    actor: { ...anna, name: `Anna ${secret}`, email: `anna@${secret}.example` },
    vault: { id: 'hr', name: `HR ${secret}` },
  }),
  hide({
    action: 'passwork.vault_created',
    vault: { id: 'phoenix', name: `Phoenix ${secret}` },
    actor: { id: 'ghost', type: 'TOKEN' },
  }),
  hide({
    action: renamed,
    vault: { id: 'hr' },
    directory: { id: 'cellar', name: `Cellar ${secret}` },
    affectedUser: { id: 'victim', name: secret },
  }),
  hide({
    action: viewed,
    vault: it,
    directory: { id: 'cellar' },
    targets: [{ type: 'item', id: 't9', name: secret }],
    severity: 9,
  }),
  hide({
    action: 'passwork.item_deleted',
    outcome: 'DENIED',
    vault: { id: 'away', name: `Away ${secret}` },
    actor: { id: 'ghost' },
  }),
];

/** In a place that nobody here sees, and in a vault that they are given later: it is named here, and in no visible entry. */
const named: readonly Happening[] = ['cave', 'burrow'].map((id) =>
  hide({ action: viewed, vault: { id, name: `${id} ${secret}` }, directory: { id: 'hr' } }),
);

const inVault: readonly Happening[] = [
  shown({
    action: viewed,
    actor: anna,
    vault: it,
    directory: servers,
    targets: [{ type: 'item', id: 't1', name: 'Root' }],
    ...detail,
  }),
  shown({ action: viewed, actor: { id: 'ben' }, vault: it, severity: 5 }),
  shown({
    action: viewed,
    actor: { type: 'SYSTEM' },
    vault: { id: 'it' },
    directory: { id: 'new-folder', name: 'New' },
    outcome: 'FAILURE',
  }),
  shown({ action: viewed, vault: { id: 'it' }, affectedUser: { id: 'cleo', name: 'Cleo' }, component: 'mobile' }),
];

/** Own activity in places that a hidden entry met first, as a vault and by another name. */
const own = (id: string): readonly Happening[] => [
  shown({ action: viewed, actor: { id }, vault: { id: 'away' }, ...detail }),
  hide({ action: viewed, actor: { id: 'ghost' }, vault: { id: 'attic', name: `Attic ${secret}` } }),
  shown({ action: viewed, affectedUser: { id }, vault: { id: 'away' }, directory: { id: 'attic' } }),
];

/** Of other categories than the reader’s, in places that it sees. */
const otherCategories = (id: string): readonly Happening[] => [
  hide({
    action: renamed,
    vault: { id: 'it', name: `IT ${secret}` },
    actor: { id, name: secret, email: `${secret}@own.example` },
  }),
  hide({
    action: renamed,
    vault: { id: 'it' },
    directory: { id: 'annex', name: `Annex ${secret}` },
    affectedUser: { id },
  }),
  hide({
    action: renamed,
    vault: { id: 'it' },
    directory: { id: 'shed', name: `Shed ${secret}` },
    actor: { id: 'ghost' },
  }),
];

/** Hidden ones before, between and after. */
const woven = (visible: readonly Happening[], hidden: readonly Happening[]): Happening[] =>
  Array.from({ length: Math.max(visible.length, hidden.length) }, (_, index) => [
    ...hidden.slice(index, index + 1),
    ...visible.slice(index, index + 1),
  ]).flat();

const later = (last: EntryInput): Happening[] => [
  ...elsewhere,
  shown({ action: viewed, actor: anna, vault: it, directory: servers }),
  shown({ action: viewed, actor: anna, vault: { id: 'burrow' } }),
  hide({ action: viewed, vault: { id: 'bunker', name: `Bunker ${secret}` }, actor: { id: 'mole', name: secret } }),
  shown(last),
];

const readdressed = <T extends { readonly id?: string | null }>(person: T): T =>
  person.id == null ? person : { ...person, email: `${secret}@hidden.example` };

/** For a role from which addresses, components, targets and metadata are hidden. */
const otherwise = (input: EntryInput): EntryInput => ({
  ...input,
  ip: '203.0.113.9',
  component: `${secret} part`,
  targets: [{ type: 'link', id: 't9', name: secret }],
  metadata: { note: secret },
  actor: input.actor ? readdressed(input.actor) : null,
  affectedUser: input.affectedUser ? readdressed(input.affectedUser) : null,
});

const inNewPlace: EntryInput = {
  action: viewed,
  vault: { id: 'it' },
  directory: { id: 'loft' },
  actor: { id: 'dora' },
};

export const readers: readonly Reader[] = [
  {
    name: 'a member with a vault and own activity',
    actsAs: { member: 'mara' },
    happenings: woven(
      [...inVault, ...own('mara')],
      [
        ...elsewhere,
        ...named,
        hide({ action: viewed, vault: it, directory: { id: 'closed', name: `Closed ${secret}` } }),
      ],
    ),
    given: ['cave', 'burrow'],
    later: later(inNewPlace),
  },
  {
    name: 'a member whose role has categories and hidden fields',
    actsAs: { member: 'ines' },
    otherwise,
    happenings: woven(
      [...inVault, ...own('ines'), shown({ action: viewed, vault: { id: 'it' }, directory: { id: 'annex' } })],
      [
        ...otherCategories('ines'),
        ...named,
        hide({ action: renamed, vault: { id: 'den', name: `Den ${secret}` } }),
        ...elsewhere,
      ],
    ),
    given: ['cave', 'burrow', 'den'],
    later: [...otherCategories('ines'), ...later(inNewPlace)],
  },
  {
    name: 'a manager who sees a vault',
    actsAs: { member: 'otto' },
    happenings: woven(inVault, [
      hide({
        action: viewed,
        actor: { id: 'otto', name: `Otto ${secret}`, email: `otto@${secret}.example` },
        vault: { id: 'hr' },
      }),
      ...named,
      ...elsewhere,
    ]),
    given: ['cave', 'burrow'],
    later: later(inNewPlace),
  },
  {
    // Whose stored grants, on what is hidden here, do not count.
    name: 'a person whose rights a JWT states',
    actsAs: {
      stated: {
        subject: 'otto',
        annals: {
          role: 'MEMBER',
          groups: ['ops'],
          directories: [
            { id: 'it', level: 'ADMINISTRATOR' },
            { id: 'closed', level: 'READ' },
            { id: 'nowhere', level: 'ADMINISTRATOR' },
            { id: 'burrow', level: 'ADMINISTRATOR' },
          ],
        },
      },
    },
    happenings: woven(
      [...inVault, ...own('otto')],
      [
        ...elsewhere,
        ...named,
        hide({ action: viewed, vault: it, directory: { id: 'closed', name: `Closed ${secret}` } }),
      ],
    ),
    later: later(inNewPlace),
  },
  {
    name: 'a program that only records',
    actsAs: { role: 'INTEGRATION' },
    happenings: [...inVault, ...elsewhere].map(({ input }) => hide(input)),
    later: [],
  },
];

export const roles: readonly RoleInput[] = [
  {
    key: 'INSPECTOR',
    name: 'Inspector',
    permissions: ['READ'],
    categories: ['passwork.passwords'],
    scope: 'GRANTED',
    minimumAccessLevel: 'READ',
    ownActivity: true,
    hiddenFields: ['EMAIL', 'IP', 'TARGETS', 'COMPONENT', 'METADATA'],
  },
  {
    key: 'LEAD',
    name: 'Lead',
    permissions: ['RECORD', 'READ', 'MANAGE_MEMBERS', 'MANAGE_ROLES', 'MANAGE_TOKENS'],
    scope: 'GRANTED',
    minimumAccessLevel: 'FULL_ACCESS',
  },
];

/** Vaults without a name, and grants on them to the reader, for a world that is imported after everything happened. */
export function givenLater({ actsAs, given = [] }: Reader): World {
  const subject = { memberId: 'member' in actsAs ? actsAs.member : '' };
  const vault = (externalId: string) => ({ externalId, name: null, kind: 'VAULT', parentId: null }) as const;
  return {
    members: world.members.filter(({ externalId }) => externalId === subject.memberId),
    groups: [],
    directories: given.map(vault),
    grants: given.map((directoryId) => ({ directoryId, subject, level: 'ADMINISTRATOR' }) as const),
  };
}

const member = (externalId: string, role: string) => ({
  externalId,
  name: `${externalId} the member`,
  email: `${externalId}@members.example`,
  role,
});
const place = (externalId: string, parentId: string | null) =>
  ({ externalId, name: `Place ${externalId}`, kind: parentId === null ? 'VAULT' : 'FOLDER', parentId }) as const;

export const world: World = {
  members: [member('mara', 'MEMBER'), member('ines', 'INSPECTOR'), member('otto', 'LEAD')],
  groups: [{ externalId: 'ops', name: 'Operations', memberIds: ['ines'] }],
  directories: [place('it', null), place('servers', 'it'), place('closed', 'it'), place('hr', null)],
  grants: [
    { directoryId: 'it', subject: { memberId: 'mara' }, level: 'ADMINISTRATOR' },
    { directoryId: 'closed', subject: { memberId: 'mara' }, level: 'READ' },
    { directoryId: 'hr', subject: { memberId: 'mara' }, level: 'FULL_ACCESS' },
    { directoryId: 'it', subject: { groupId: 'ops' }, level: 'READ' },
    { directoryId: 'it', subject: { memberId: 'otto' }, level: 'FULL_ACCESS' },
  ],
};
