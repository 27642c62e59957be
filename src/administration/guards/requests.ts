/** What can be held back: for each kind of request, who may ask for it, and how it is prepared again when it is due. */
import type { Principal } from '../../auth/auth.ts';
import type { Json } from '../../model/entry.ts';
import type { GuardedOperation } from '../../model/guard.ts';
import type { Permission } from '../../model/role.ts';
import type { AdministrationStatements } from '../../store/store.ts';
import { prepareWish } from '../change.ts';
import type { AdministrationChange } from '../changes.ts';
import { type IssuerDeps, type StoredIssuerRequest, storedIssuerStep } from '../issuers.ts';
import { type StoredRotationRequest, storedRotationStep } from '../rotation.ts';
import type { Prepared } from '../step.ts';
import { type StoredTokenRequest, storedTokenStep } from '../tokens.ts';
import { checkWish, type MemberInput, noWish } from '../wish.ts';
import { type GuardInput, guardStep } from './settings.ts';

/** What each kind of request holds, as JSON: never a secret. */
export interface Requests {
  /** Members to add or change, and ids of those to remove. */
  readonly members: { readonly upsert: readonly MemberInput[]; readonly remove: readonly string[] };
  /** A token that was made and is not valid yet. */
  readonly token: StoredTokenRequest;
  /** A secret that was made and is not valid yet. */
  readonly rotation: StoredRotationRequest;
  readonly issuer: StoredIssuerRequest;
  readonly guard: GuardInput;
}
export type RequestKind = keyof Requests;

/** A request that is guarded. */
export type Guarded = {
  [Kind in RequestKind]: {
    readonly kind: Kind;
    readonly operations: readonly GuardedOperation[];
    readonly request: Requests[Kind];
    /** As much of it as is the same when it is asked for again; by default all. */
    readonly identity?: Partial<Requests[Kind]>;
    /** What the held back part of it would change, what matters first; by default all. */
    readonly planned?: readonly AdministrationChange[];
    /** Throws BAD_INPUT for a request that cannot wait. */
    readonly check?: () => void;
  };
}[RequestKind];

/** What preparing needs beside the database. */
export type RequestDeps = IssuerDeps;

interface Row<Request> {
  /** Of those who ask for it, and see it. */
  readonly permission: Permission;
  /** With all the checks of the direct way, under the rights of `by`. Errors: those of the direct way. */
  prepare(statements: AdministrationStatements, request: Request, by: Principal, deps: RequestDeps): Promise<Prepared>;
}

const rows: { readonly [Kind in RequestKind]: Row<Requests[Kind]> } = {
  members: {
    permission: 'MANAGE_MEMBERS',
    prepare(statements, { upsert, remove }, { organization, role }, { now }) {
      const wish = { ...noWish, members: upsert, removed: { ...noWish.removed, members: remove } };
      checkWish(wish);
      return prepareWish(statements, wish, { organization, role, now: now() });
    },
  },
  token: {
    permission: 'MANAGE_TOKENS',
    prepare: (statements, request, by) => storedTokenStep(statements, by.organization, request, by),
  },
  rotation: {
    permission: 'MANAGE_TOKENS',
    prepare: (statements, request, by, { now }) =>
      storedRotationStep(statements, by.organization, request, { by, now: now() }),
  },
  issuer: {
    permission: 'MANAGE_TOKENS',
    prepare: (statements, request, { organization, role }, deps) =>
      storedIssuerStep(statements, organization, request, { ...deps, by: role }),
  },
  guard: {
    permission: 'MANAGE_ORGANIZATION',
    prepare: (statements, request, { organization }) => guardStep(statements, organization, request),
  },
};

const isKind = (kind: string): kind is RequestKind => Object.hasOwn(rows, kind);

/** Undefined for a kind that only a newer server knows. */
export const permissionOf = (kind: string): Permission | undefined =>
  isKind(kind) ? rows[kind].permission : undefined;

/** The kinds that a role may ask for, approve and see. */
export const kindsFor = (permissions: ReadonlySet<Permission>): RequestKind[] =>
  Object.keys(rows)
    .filter(isKind)
    .filter((kind) => permissions.has(rows[kind].permission));

/** The request as it was stored, prepared anew. */
export function prepareRequest(
  statements: AdministrationStatements,
  { kind, request }: { readonly kind: RequestKind; readonly request: Json },
  by: Principal,
  deps: RequestDeps,
): Promise<Prepared> {
  // Written by this code, or an earlier version of it; what it says is checked as the caller’s own words were.
  const row: Row<never> = rows[kind];
  return row.prepare(statements, request as never, by, deps);
}

export { isKind as isRequestKind };
