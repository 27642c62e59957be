/** An issuer of JSON Web Tokens as a row. */

/** What a signature is checked with: exactly one of them. A removed issuer has lost its secrets, and may have none. */
export interface JwtKeys {
  /** A JSON Web Key Set of public keys, as JSON text. */
  readonly keys: string | null;
  readonly secrets: readonly Uint8Array[] | null;
  /** Where the key set is fetched from. */
  readonly address: string | null;
}

export interface JwtIssuerRecord extends JwtKeys {
  readonly id: string;
  readonly name: string;
  /** The claim `iss`. */
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Keys of the roles that its tokens may act with. */
  readonly roles: readonly string[];
  /** Whether its tokens may stand for stored members, with their stored rights. */
  readonly storedMembers: boolean;
  readonly lifetimeSeconds: number;
  /** Grows with every change. */
  readonly version: number;
  /** Milliseconds. */
  readonly createdAt: number;
  readonly removedAt: number | null;
}

/** The columns of `issuerColumns`. */
export type IssuerRow = [
  id: string,
  name: string,
  issuer: string,
  audience: string,
  algorithms: string[],
  keys: string | null,
  secrets: Uint8Array[] | null,
  address: string | null,
  roles: string[],
  storedMembers: boolean,
  lifetimeSeconds: number,
  version: number,
  createdAt: number,
  removedAt: number | null,
];
/** Of `jwt_issuer i`, in the order that `issuerFrom` reads them. */
export const issuerColumns = `i.id, i.name, i.issuer, i.audience, to_jsonb(i.algorithms), i.keys::text, i.secrets, i.address, to_jsonb(i.roles),
  i.stored_members, i.lifetime_seconds, i.version, i.created_at, i.removed_at`;

export function issuerFrom(row: IssuerRow): JwtIssuerRecord {
  const [id, name, issuer, audience, algorithms, keys, secrets, address, roles, storedMembers, ...rest] = row;
  const [lifetimeSeconds, version, createdAt, removedAt] = rest;
  return {
    ...{ id, name, issuer, audience, algorithms, keys, secrets, address, roles, storedMembers },
    ...{ lifetimeSeconds, version, createdAt, removedAt },
  };
}
