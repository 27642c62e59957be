/** Who mints JSON Web Tokens for an organization. */
import type { Runner } from '../database.ts';
import { type IssuerRow, issuerColumns, issuerFrom, type JwtIssuerRecord } from '../issuer-row.ts';

/** Those that were not removed, in the order they were made. */
export async function readJwtIssuers(runner: Runner, organization: number): Promise<JwtIssuerRecord[]> {
  const rows = await runner.rows<IssuerRow>(
    `select ${issuerColumns} from jwt_issuer i where i.organization_id = $1 and i.removed_at is null order by i.id`,
    [organization],
  );
  return rows.map(issuerFrom);
}

/** Adds, or replaces the one with this id. */
export async function writeJwtIssuer(runner: Runner, organization: number, issuer: JwtIssuerRecord): Promise<void> {
  await runner.rows(
    `insert into jwt_issuer (organization_id, id, name, issuer, audience, algorithms, keys, secrets, address, roles,
       stored_members, lifetime_seconds, version, created_at)
     values ($1, $2, $3, $4, $5, $6::text[], $7::jsonb, $8::bytea[], $9, $10::text[], $11, $12, $13,
       to_timestamp($14::float8 / 1000))
     on conflict (id) do update set name = excluded.name, audience = excluded.audience, algorithms = excluded.algorithms,
       keys = excluded.keys, secrets = excluded.secrets, address = excluded.address, roles = excluded.roles,
       stored_members = excluded.stored_members, lifetime_seconds = excluded.lifetime_seconds, version = excluded.version
       where jwt_issuer.organization_id = excluded.organization_id`,
    [
      organization,
      issuer.id,
      issuer.name,
      issuer.issuer,
      issuer.audience,
      issuer.algorithms,
      issuer.keys,
      issuer.secrets,
      issuer.address,
      issuer.roles,
      issuer.storedMembers,
      issuer.lifetimeSeconds,
      issuer.version,
      issuer.createdAt,
    ],
  );
}

/** Its public keys stay, so that a token that still comes is known as one of a removed issuer. */
export async function removeJwtIssuer(runner: Runner, organization: number, id: string, now: number): Promise<void> {
  await runner.rows(
    `update jwt_issuer i set removed_at = to_timestamp($3::float8 / 1000), secrets = null, version = version + 1
     where i.organization_id = $1 and i.id = $2 and i.removed_at is null`,
    [organization, id, now],
  );
}
