import type { ActorType } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { searchPattern } from '../pattern.ts';
import { Parameters, toSql } from '../predicate-sql.ts';

export interface ActorToRegister {
  readonly type: ActorType;
  readonly externalId: string;
  readonly name: string | null;
  readonly email: string | null;
}

export interface StoredActor extends ActorToRegister {
  readonly number: number;
}

export interface DirectoryToRegister {
  readonly kind: 'VAULT' | 'FOLDER';
  readonly externalId: string;
  readonly name: string | null;
  /** External id of the directory above. */
  readonly parent: string | null;
}

export interface StoredDirectoryName {
  readonly number: number;
  readonly externalId: string;
  readonly kind: 'VAULT' | 'FOLDER';
  /** The newest known; of a search, the newest that the reader may know. */
  readonly name: string | null;
  /** As the product keeps it: known to whoever knows the directory. Null where only entries named it. */
  readonly keptName: string | null;
  readonly parent: number | null;
}

function inOrder(rows: readonly [number, number][], length: number): number[] {
  const numbers = new Array<number>(length).fill(0);
  for (const [ordinal, number] of rows) numbers[ordinal - 1] = number;
  return numbers;
}

/** Numbers of the actors, in the order given; unknown ones register. */
export async function registerActors(
  database: Database,
  organization: number,
  actors: readonly ActorToRegister[],
): Promise<number[]> {
  const column = (value: (actor: ActorToRegister) => string | null) => actors.map(value);
  const rows = await database.rows<[number, number]>('select ordinal, id from register_actors($1, $2, $3, $4, $5)', [
    organization,
    column((actor) => actor.type),
    column((actor) => actor.externalId),
    column((actor) => actor.name),
    column((actor) => actor.email),
  ]);
  return inOrder(rows, actors.length);
}

/** Numbers of the directories, in the order given; unknown ones register below their parent and raise the rights version. */
export async function registerDirectories(
  database: Database,
  organization: number,
  directories: readonly DirectoryToRegister[],
): Promise<number[]> {
  const column = (value: (directory: DirectoryToRegister) => string | null) => directories.map(value);
  const rows = await database.rows<[number, number]>(
    'select ordinal, id from register_directories($1, $2, $3, $4, $5)',
    [
      organization,
      column((directory) => directory.kind),
      column((directory) => directory.externalId),
      column((directory) => directory.name),
      column((directory) => directory.parent),
    ],
  );
  return inOrder(rows, directories.length);
}

type ActorRow = [number, ActorType, string, string | null, string | null];
const actorColumns = 'a.id, a.type::text, a.external_id, a.name, a.email';
const actorFrom = ([number, type, externalId, name, email]: ActorRow): StoredActor => ({
  number,
  type,
  externalId,
  name,
  email,
});

export async function readActors(
  database: Database,
  organization: number,
  numbers: readonly number[],
): Promise<StoredActor[]> {
  const rows = await database.rows<ActorRow>(
    `select ${actorColumns} from actor a where a.organization_id = $1 and a.id = any($2::int4[])`,
    [organization, numbers],
  );
  return rows.map(actorFrom);
}

/** Actors by the product’s ids, of any type. */
export async function findActors(
  database: Database,
  organization: number,
  externalIds: readonly string[],
): Promise<StoredActor[]> {
  const rows = await database.rows<ActorRow>(
    `select ${actorColumns} from actor a where a.organization_id = $1 and a.external_id = any($2::text[])`,
    [organization, externalIds],
  );
  return rows.map(actorFrom);
}

type DirectoryRow = [number, string, 'VAULT' | 'FOLDER', string | null, string | null, number | null];
const directoryColumns = 'd.id, d.external_id, d.kind::text, d.name, d.kept_name, d.parent_id';
const directoryFrom = ([number, externalId, kind, name, keptName, parent]: DirectoryRow): StoredDirectoryName => ({
  number,
  externalId,
  kind,
  name,
  keptName,
  parent,
});

export async function readDirectories(
  database: Database,
  organization: number,
  numbers: readonly number[],
): Promise<StoredDirectoryName[]> {
  const rows = await database.rows<DirectoryRow>(
    `select ${directoryColumns} from directory d where d.organization_id = $1 and d.id = any($2::int4[])`,
    [organization, numbers],
  );
  return rows.map(directoryFrom);
}

export async function findDirectories(
  database: Database,
  organization: number,
  externalIds: readonly string[],
): Promise<StoredDirectoryName[]> {
  const rows = await database.rows<DirectoryRow>(
    `select ${directoryColumns} from directory d where d.organization_id = $1 and d.external_id = any($2::text[])`,
    [organization, externalIds],
  );
  return rows.map(directoryFrom);
}

/** What a reader may know names from: entries that satisfy the predicate. */
export interface Seen {
  readonly predicate: Predicate;
  /** Whether that is every entry: then the newest names are known, else those that visible entries carry. */
  readonly everything: boolean;
  /** Whether addresses are known and searched at all. */
  readonly emails: boolean;
}

/** The columns of an entry that name an actor, once as the one who did it and once as the one to whom it was done. */
const actorRoles = ['actor', 'affected_user'] as const;

/** The newest name and address by which visible entries call `actor a`; no row where none does. */
function seenActorSql(log: string, seen: string): string {
  const newest = actorRoles.map(
    (role) => `(select e.${role}_name as name, e.${role}_email as email, e.recorded_at, e.position from log_entry e
      where e.organization_id = ${log} and e.${role}_id = a.id and ${seen} order by e.recorded_at desc, e.position desc limit 1)`,
  );
  return `(select n.name, n.email from (${newest.join(' union all ')}) n order by n.recorded_at desc, n.position desc limit 1)`;
}

/**
 * Actors and affected users of at least one visible entry, by name. What only hidden entries say of them is neither shown
 * nor searched.
 */
export async function searchActors(
  database: Database,
  organization: number,
  { predicate, everything, emails }: Seen,
  options: { readonly only: readonly number[] | null; readonly search: string | null; readonly limit: number },
): Promise<StoredActor[]> {
  const parameters = new Parameters(database.sets);
  const log = parameters.add(organization);
  const conditions = [`a.organization_id = ${log}`];
  if (options.only !== null) conditions.push(`a.id = any(${parameters.add(options.only, 'int4[]')})`);
  const name = everything ? 'a' : 's';
  const email = emails ? `${name}.email` : 'null::text';
  if (options.search !== null) {
    const pattern = parameters.add(searchPattern(options.search), 'text');
    const searched = [`${name}.name`, 'a.external_id', ...(emails ? [email] : [])];
    conditions.push(`(${searched.map((column) => `${column} ilike ${pattern}`).join(' or ')})`);
  }
  const seen = toSql(predicate, parameters);
  const named = actorRoles.map(
    (role) => `exists (select from log_entry e where e.organization_id = ${log} and e.${role}_id = a.id and ${seen})`,
  );
  if (everything) conditions.push(`(${named.join(' or ')})`);
  const from = everything ? 'actor a' : `actor a cross join lateral ${seenActorSql(log, seen)} s`;
  const text = `select a.id, a.type::text, a.external_id, ${name}.name, ${email} from ${from}
    where ${conditions.join(' and ')} order by ${name}.name, a.external_id limit ${parameters.add(options.limit, 'int8')}`;
  const rows = await database.rows<ActorRow>(text, parameters.values, { planEach: true });
  return rows.map(actorFrom);
}

/**
 * Directories that are in `known` (null: all), or hold at least one visible entry, by name. One that is not known goes by
 * the name that the newest visible entry carries, and is a vault or a folder as that entry has it; so does the name of one
 * that is known and that the product has not named.
 */
export async function searchDirectories(
  database: Database,
  organization: number,
  predicate: Predicate,
  options: {
    readonly known: readonly number[] | null;
    readonly within: readonly number[] | null;
    readonly search: string | null;
    readonly limit: number;
  },
): Promise<StoredDirectoryName[]> {
  const parameters = new Parameters(database.sets);
  const log = parameters.add(organization);
  const conditions = [`d.organization_id = ${log}`];
  if (options.within !== null) conditions.push(`d.id = any(${parameters.add(options.within, 'int4[]')})`);
  let [kind, name, keptName] = ['d.kind::text', 'd.name', 'd.kept_name'];
  let from = 'directory d';
  if (options.known !== null) {
    const known = `d.id = any(${parameters.add(options.known, 'int4[]')})`;
    from = `directory d left join lateral (select true as seen, e.directory_name as name,
        case when coalesce(e.vault_id, e.directory_id) = e.directory_id then 'VAULT' else 'FOLDER' end as kind from log_entry e
      where not (${known} and d.kept_name is not null) and e.organization_id = ${log} and e.directory_id = d.id and ${toSql(predicate, parameters)}
      order by e.recorded_at desc, e.position desc limit 1) s on true`;
    keptName = `case when ${known} then d.kept_name end`;
    name = `coalesce(${keptName}, s.name)`;
    kind = `case when ${known} then d.kind::text else s.kind end`;
    conditions.push(`(${known} or s.seen)`);
  }
  if (options.search !== null) {
    const pattern = parameters.add(searchPattern(options.search), 'text');
    conditions.push(`(${name} ilike ${pattern} or d.external_id ilike ${pattern})`);
  }
  const text = `select d.id, d.external_id, ${kind}, ${name}, ${keptName}, d.parent_id from ${from}
    where ${conditions.join(' and ')} order by 4, d.external_id limit ${parameters.add(options.limit, 'int8')}`;
  const rows = await database.rows<DirectoryRow>(text, parameters.values, { planEach: true });
  return rows.map(directoryFrom);
}
