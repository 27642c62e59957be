import type { ActorType } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
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
  readonly name: string | null;
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

type DirectoryRow = [number, string, 'VAULT' | 'FOLDER', string | null, number | null];
const directoryColumns = 'd.id, d.external_id, d.kind::text, d.name, d.parent_id';
const directoryFrom = ([number, externalId, kind, name, parent]: DirectoryRow): StoredDirectoryName => ({
  number,
  externalId,
  kind,
  name,
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

const searchPattern = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;

/** Actors and affected users of at least one entry that satisfies the visibility, by name. */
export async function searchActors(
  database: Database,
  organization: number,
  visibility: Predicate,
  search: string | null,
  limit: number,
): Promise<StoredActor[]> {
  const parameters = new Parameters();
  const log = parameters.add(organization);
  const pattern = search === null ? null : parameters.add(searchPattern(search), 'text');
  const seen = toSql(visibility, parameters);
  const matching =
    pattern === null
      ? ''
      : ` and (a.name ilike ${pattern} or a.email ilike ${pattern} or a.external_id ilike ${pattern})`;
  const text = `select ${actorColumns} from actor a where a.organization_id = ${log}${matching}
    and (exists (select from log_entry e where e.organization_id = ${log} and e.actor_id = a.id and ${seen})
      or exists (select from log_entry e where e.organization_id = ${log} and e.affected_user_id = a.id and ${seen}))
    order by a.name, a.id limit ${parameters.add(limit, 'int8')}`;
  const rows = await database.rows<ActorRow>(text, parameters.values, { planEach: true });
  return rows.map(actorFrom);
}

/** Directories that are in `granted` (null: all), or hold at least one entry that satisfies the visibility, by name. */
export async function searchDirectories(
  database: Database,
  organization: number,
  visibility: Predicate,
  options: {
    granted: readonly number[] | null;
    within: readonly number[] | null;
    search: string | null;
    limit: number;
  },
): Promise<StoredDirectoryName[]> {
  const parameters = new Parameters();
  const log = parameters.add(organization);
  const conditions = [`d.organization_id = ${log}`];
  if (options.within !== null) conditions.push(`d.id = any(${parameters.add(options.within, 'int4[]')})`);
  if (options.search !== null) {
    const pattern = parameters.add(searchPattern(options.search), 'text');
    conditions.push(`(d.name ilike ${pattern} or d.external_id ilike ${pattern})`);
  }
  if (options.granted !== null) {
    conditions.push(`(d.id = any(${parameters.add(options.granted, 'int4[]')}) or exists (select from log_entry e
      where e.organization_id = ${log} and e.directory_id = d.id and ${toSql(visibility, parameters)}))`);
  }
  const text = `select ${directoryColumns} from directory d where ${conditions.join(' and ')}
    order by d.name, d.id limit ${parameters.add(options.limit, 'int8')}`;
  const rows = await database.rows<DirectoryRow>(text, parameters.values, { planEach: true });
  return rows.map(directoryFrom);
}
