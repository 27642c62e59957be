/** The closed sets of words, each value with its meaning. */
import type { ActorType, Outcome } from '../../model/entry.ts';
import type { AccessLevel, HideableField, Permission, VisibilityRule } from '../../model/role.ts';
import { builder } from '../builder.ts';

interface Meaning {
  readonly description: string;
}
/** Values in the order given. */
export const values = <T extends string>(meanings: Readonly<Record<T, string>>): Record<T, Meaning> =>
  Object.fromEntries(Object.entries(meanings).map(([value, description]) => [value, { description }])) as Record<
    T,
    Meaning
  >;

export const OutcomeRef = builder.enumType('Outcome', {
  description: 'How it ended.',
  values: values<Outcome>({
    SUCCESS: 'It was done.',
    FAILURE: 'It was tried and did not work, such as a sign-in with a wrong password.',
    DENIED: 'It was refused by a rule, such as an export without the right to export.',
    UNKNOWN: 'The source did not say.',
  }),
});

export const ActorTypeRef = builder.enumType('ActorType', {
  description: 'What kind of actor it was.',
  values: values<ActorType>({
    MEMBER: 'A person with an account.',
    SYSTEM: 'The product itself, such as a scheduled job.',
    TOKEN: 'A program with a credential of its own.',
    ANONYMOUS: 'Someone unknown, such as the visitor of a public link.',
  }),
});

export const DirectoryKindRef = builder.enumType('DirectoryKind', {
  description: 'What kind of directory it is.',
  values: values<'VAULT' | 'FOLDER'>({
    VAULT: 'A vault: the root of a tree.',
    FOLDER: 'A folder inside a vault or inside another folder.',
  }),
});

export const AccessLevelRef = builder.enumType('AccessLevel', {
  description: 'How much a grant on a directory allows in the product, from weak to strong; each includes the weaker.',
  values: values<AccessLevel>({
    READ: 'May read items.',
    EDIT: 'May also change items.',
    FULL_ACCESS: 'May also add, move and delete.',
    ADMINISTRATOR: 'May also decide who has access.',
  }),
});

export const PermissionRef = builder.enumType('Permission', {
  description: 'What a role may do. What it may see is a question of its own: `Viewer.sees`.',
  values: values<Permission>({
    RECORD: 'Record entries.',
    READ: 'Read the entries that it sees, and watch them live.',
    EXPORT: 'Export the entries that it sees.',
    READ_PROOFS: 'Read checkpoints and proofs.',
    MANAGE_MEMBERS: 'Manage members, groups, directories and grants.',
    MANAGE_ROLES: 'Define roles.',
    MANAGE_TOKENS: 'Issue and revoke tokens.',
    MANAGE_SINKS: 'Decide where entries are forwarded to.',
    MANAGE_RETENTION: 'Decide how long entries are kept.',
    ERASE: 'Erase personal values from entries.',
    MANAGE_ORGANIZATION: 'Change the organization itself.',
  }),
});

export const VisibilityScopeRef = builder.enumType('VisibilityScope', {
  description: 'Which directories a role sees.',
  values: values<VisibilityRule['scope']>({
    ALL: 'Every entry, in a directory or in none.',
    GRANTED: 'Entries in or under directories on which a sufficient grant stands.',
    NONE: 'No directory.',
  }),
});

export const HideableFieldRef = builder.enumType('HideableField', {
  description: 'What of an entry can be hidden from a role: then it can be neither read nor filtered or searched by.',
  values: values<HideableField>({
    EMAIL: 'E-mail addresses of actors and affected users.',
    IP: 'The address it came from.',
    USER_AGENT: 'The client program.',
    DEVICE: 'The device.',
    SESSION: 'The id of the session.',
    REQUEST: 'The id of the request.',
    LOCATION: 'Where in the world.',
    COMPONENT: 'The part of the product.',
    TARGETS: 'What it was done to.',
    CHANGES: 'What was changed, before and after.',
    METADATA: 'Whatever else the source states.',
  }),
});
