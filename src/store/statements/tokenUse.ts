/** When tokens were last used. */
import type { Database } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';

export interface TokenUse {
  readonly organization: number;
  readonly tokenId: string;
  /** Milliseconds. */
  readonly at: number;
  /** An address; null where it is not known. */
  readonly from: string | null;
}

/** Of tokens that are there; an older use than the one stored changes nothing. In one order, so that servers do not block each other. */
export async function writeTokenUses(database: Database, uses: readonly TokenUse[]): Promise<void> {
  await database.rows(
    `insert into token_use (organization_id, token_id, last_used_at, last_used_from)
     select t.organization_id, t.id, i.used, i.address::inet
     from unnest($1::int4[], $2::uuid[], $3::timestamptz[], $4::text[]) i(organization_id, id, used, address)
     join api_token t on t.organization_id = i.organization_id and t.id = i.id order by t.id
     on conflict (token_id) do update set last_used_at = excluded.last_used_at, last_used_from = excluded.last_used_from
       where token_use.last_used_at < excluded.last_used_at and token_use.organization_id = excluded.organization_id`,
    [
      uses.map((use) => use.organization),
      uses.map((use) => use.tokenId),
      uses.map((use) => timestamp(use.at)),
      uses.map((use) => use.from),
    ],
  );
}
