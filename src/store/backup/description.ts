/** What a backup says of itself, and whether files are what it says. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { AnnalsError } from '../../errors.ts';
import type { Extracted } from './tar.ts';

/** Names inside a backup’s directory. */
export const files = { description: 'backup.json', archive: 'base.tar.gz', manifest: 'manifest.json' } as const;

/** A log as far as nothing about it can change any more: from an entry that it still held to one that it held already. */
const logShape = z.object({
  organization: z.string(),
  generation: z.number(),
  /** Positions; null for an empty log. */
  oldest: z.number().nullable(),
  newest: z.number().nullable(),
  entries: z.number(),
  /** Leaf of the newest entry, hexadecimal. */
  leaf: z.string().nullable(),
});

const shape = z.object({
  format: z.literal(1),
  annals: z.string(),
  postgres: z.number(),
  madeAt: z.string(),
  migrations: z.array(z.string()),
  archive: z.object({ bytes: z.number(), sha256: z.string() }),
  manifest: z.object({ sha256: z.string() }),
  logs: z.array(logShape),
});
export type Description = z.infer<typeof shape>;
export type LogFacts = z.infer<typeof logShape>;

/** The description of a whole backup; throws BACKUP_INVALID for anything else. */
export async function readDescription(directory: string): Promise<Description> {
  const path = join(directory, files.description);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AnnalsError('BACKUP_INVALID', {
      message: `${path} cannot be read.`,
      cure: 'Name a directory that `annals backup` made. One that ends in .partial was never finished.',
      cause,
    });
  });
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new AnnalsError('BACKUP_INVALID', { message: `${path} is damaged, or of a newer Annals.`, cause });
  }
}

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

const manifestShape = z.object({
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Size: z.number(),
      Checksum: z.string(),
    }),
  ),
});

/** What is wrong with files that were written out, by PostgreSQL’s own manifest; empty when nothing is. */
export function compareManifest(manifest: Buffer, found: ReadonlyMap<string, Extracted>): string[] {
  const listed = new Map(
    manifestShape.parse(JSON.parse(manifest.toString('utf8'))).Files.map((file) => {
      const encoded = file['Encoded-Path'];
      const path = encoded === undefined ? (file.Path ?? '') : Buffer.from(encoded, 'hex').toString('utf8');
      return [path, file] as const;
    }),
  );
  const wrong = [...listed].flatMap(([path, { Size, Checksum }]) => {
    const file = found.get(path);
    if (file === undefined) return [`${path} is missing`];
    return file.size === Size && file.checksum === Checksum ? [] : [`${path} is damaged`];
  });
  // The manifest does not list the log; what reads it checks each of its records.
  const surplus = [...found.keys()].filter((path) => !listed.has(path) && !path.startsWith('pg_wal/'));
  return [...wrong, ...surplus.map((path) => `${path} does not belong there`)];
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query("set statement_timeout = 0; set timezone = 'UTC'");
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Where each log ends now, by the organization’s id. */
export function readEnds(url: string): Promise<Map<string, number | null>> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ uid: string; newest: string | null }>(
      `select o.uid, (select e.position from log_entry e where e.organization_id = o.id
         order by e.recorded_at desc, e.position desc limit 1) as newest
       from organization o`,
    );
    return new Map(rows.map(({ uid, newest }) => [uid, newest === null ? null : Number(newest)]));
  });
}

/** The facts of each log up to the given ends; of those alone. */
export function readFacts(url: string, ends: ReadonlyMap<string, number | null>): Promise<LogFacts[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{
      uid: string;
      generation: number;
      oldest: string | null;
      entries: string;
      leaf: string | null;
    }>(
      `select o.uid, h.generation, r.oldest, r.entries,
         (select encode(e.leaf, 'hex') from log_entry e where e.organization_id = o.id and e.position = g.newest) as leaf
       from unnest($1::uuid[], $2::int8[]) as g(uid, newest)
       join organization o on o.uid = g.uid join log_head h on h.organization_id = o.id
       left join lateral (
         select min(e.position) as oldest, count(*) as entries from log_entry e
         where e.organization_id = o.id and e.position <= g.newest
       ) r on true
       order by o.uid`,
      [[...ends.keys()], [...ends.values()]],
    );
    return rows.map(({ uid, generation, oldest, entries, leaf }) => ({
      organization: uid,
      generation,
      oldest: oldest === null ? null : Number(oldest),
      newest: ends.get(uid) ?? null,
      entries: Number(entries),
      leaf,
    }));
  });
}

/** What restored logs lack of what they held when the backup was made; empty when nothing. */
export function compareFacts(expected: readonly LogFacts[], found: readonly LogFacts[]): string[] {
  return expected.flatMap((log) => {
    const restored = found.find(({ organization }) => organization === log.organization);
    if (restored === undefined) return [`the organization ${log.organization} is missing`];
    // What was cleared meanwhile lies before `oldest`; positions are dense from there on.
    const lacking = restored.entries - log.entries - ((log.oldest ?? 0) - (restored.oldest ?? 0));
    if (lacking !== 0 || restored.leaf !== log.leaf || restored.generation !== log.generation) {
      return [`the log of ${log.organization} is not what it was up to position ${log.newest}`];
    }
    return [];
  });
}

export async function readMigrationNames(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select migration_name as name from _prisma_migrations where finished_at is not null and rolled_back_at is null order by 1',
    );
    return rows.map(({ name }) => name);
  });
}

/** Begins a new generation of every log: cursors and proofs of the history before are told so. The number of logs. */
export async function raiseGenerations(ownerUrl: string): Promise<number> {
  return withClient(ownerUrl, async (client) => {
    const { rowCount } = await client.query(
      'update log_head set generation = generation + 1, rights_version = rights_version + 1',
    );
    return rowCount ?? 0;
  });
}
