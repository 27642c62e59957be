/** What searching by text needs beside the entries: their folded texts where those are missing, and the blocks. */
import type { Entry, LogPlace } from '../../model/entry.ts';
import type { Database } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';

/** Every organization that has a log. */
export async function readLogOrganizations(database: Database): Promise<number[]> {
  const rows = await database.rows<[number]>('select organization_id from log_head order by organization_id', []);
  return rows.map(([organization]) => organization);
}

/** Whether entries lack their texts, and searching would miss them. */
export async function lacksTexts(database: Database, organization: number): Promise<boolean> {
  const [row] = await database.rows<[boolean]>(
    'select exists (select from log_entry e where e.organization_id = $1 and e.search is null)',
    [organization],
  );
  return row?.[0] ?? false;
}

/** Entries that lack their text, oldest first. */
export async function readWithoutText(database: Database, organization: number, limit: number): Promise<Entry[]> {
  const found = await database.entries(
    `select ${entryColumns} from log_entry e where e.organization_id = $1 and e.search is null
     order by e.recorded_at, e.position limit $2::int8`,
    [organization, limit],
  );
  return found.filter((entry) => entry !== null);
}

export interface MissingText extends LogPlace {
  readonly search: string;
}

/** Gives entries their text where they have none. How many it gave one. */
export async function fillSearchTexts(
  database: Database,
  organization: number,
  texts: readonly MissingText[],
): Promise<number> {
  const [row] = await database.rows<[number]>(
    'select fill_search_texts($1, $2::timestamptz[], $3::int8[], $4::text[])',
    [
      organization,
      texts.map((one) => timestamp(one.recordedAt)),
      texts.map((one) => one.position),
      texts.map((one) => one.search),
    ],
  );
  return row?.[0] ?? 0;
}

export interface LastBlock {
  readonly number: number;
  readonly recordedTo: number;
}

/** The newest block; null where there is none. */
export async function readLastBlock(database: Database, organization: number): Promise<LastBlock | null> {
  const [row] = await database.rows<[number, number]>(
    `select b.number, b.recorded_to from search_block b where b.organization_id = $1 order by b.number desc limit 1`,
    [organization],
  );
  return row === undefined ? null : { number: row[0], recordedTo: row[1] };
}

export interface SearchedEntry extends LogPlace {
  /** Null in an entry that lacks it. */
  readonly search: string | null;
}

/** The texts after a place, in the order of the log. */
export async function readTexts(
  database: Database,
  organization: number,
  after: LogPlace,
  limit: number,
): Promise<SearchedEntry[]> {
  const rows = await database.rows<[number, number, string | null]>(
    `select e.recorded_at, e.position, e.search from log_entry e
     where e.organization_id = $1 and e.recorded_at >= $2::timestamptz
       and (e.recorded_at, e.position) > ($2::timestamptz, $3::int8)
     order by e.recorded_at, e.position limit $4::int8`,
    [organization, timestamp(after.recordedAt), after.position, limit],
  );
  return rows.map(([recordedAt, position, search]) => ({ recordedAt, position, search }));
}

export interface SearchBlock {
  readonly number: number;
  readonly recordedFrom: number;
  readonly recordedTo: number;
  readonly grams: readonly number[];
}

/** Adds blocks, or makes them anew. */
export async function addSearchBlocks(
  database: Database,
  organization: number,
  blocks: readonly SearchBlock[],
): Promise<void> {
  await database.rows('select add_search_blocks($1, $2::int4[], $3::timestamptz[], $4::timestamptz[], $5::text[])', [
    organization,
    blocks.map((block) => block.number),
    blocks.map((block) => timestamp(block.recordedFrom)),
    blocks.map((block) => timestamp(block.recordedTo)),
    blocks.map((block) => `{${block.grams.join(',')}}`),
  ]);
}
