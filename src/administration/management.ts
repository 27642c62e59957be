/** What members and integrations administer through the API: each verb takes the principal that asks. */
import { type Auth, type Principal, requirePermission } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { EntryInput } from '../model/entry.ts';
import type { Permission, Role } from '../model/role.ts';
import type { RandomSource } from '../model/uuid.ts';
import type { AdministrationStatements, Store, TokenRecord } from '../store/store.ts';
import { type ChangeReport, carryOut } from './change.ts';
import { type AdministrationChange, entryOf, syncEntry } from './changes.ts';
import { issuerRemoval, issuerStep, type JwtIssuerInput, type ShownJwtIssuer } from './issuers.ts';
import { type Lists, openLists } from './lists.ts';
import { type RoleInput, roleRemoval, roleStep, type Step } from './roles.ts';
import { type CreatedToken, type TokenRequest, tokenRevocation, tokenStep } from './tokens.ts';
import {
  checkWish,
  type DirectoryInput,
  type GrantInput,
  type GrantKey,
  type GroupInput,
  type MemberInput,
  noWish,
  type Wish,
  type WorldInput,
} from './wish.ts';

/**
 * All verbs: durable, in force and hinted at when they answer; all or nothing; repeating one changes nothing more, but
 * that `createToken` makes another token. Errors: FORBIDDEN, BAD_INPUT with the path of the mistake, ESCALATION,
 * UNAUTHENTICATED where the credential ended meanwhile, UNAVAILABLE, STATEMENT_TIMEOUT.
 */
export interface Management extends Lists {
  /** Also LAST_OWNER. */
  upsertMembers(principal: Principal, members: readonly MemberInput[]): Promise<ChangeReport>;
  /** With their grants, memberships and tokens. Also LAST_OWNER. */
  removeMembers(principal: Principal, ids: readonly string[]): Promise<ChangeReport>;
  upsertGroups(principal: Principal, groups: readonly GroupInput[]): Promise<ChangeReport>;
  /** With their grants and memberships. */
  removeGroups(principal: Principal, ids: readonly string[]): Promise<ChangeReport>;
  /** Adds, renames, moves; what lies under a directory goes with it. */
  upsertDirectories(principal: Principal, directories: readonly DirectoryInput[]): Promise<ChangeReport>;
  /** Takes away all grants on and under them, and their own place in the tree. */
  removeDirectories(principal: Principal, ids: readonly string[]): Promise<ChangeReport>;
  setGrants(principal: Principal, grants: readonly GrantInput[]): Promise<ChangeReport>;
  removeGrants(principal: Principal, grants: readonly GrantKey[]): Promise<ChangeReport>;
  /** Makes the organization what the world says, or with `dryRun` says what that would change. Also LAST_OWNER. */
  synchronize(principal: Principal, world: WorldInput, dryRun: boolean): Promise<ChangeReport>;
  upsertRole(principal: Principal, role: RoleInput): Promise<Role>;
  /** False where there was none. */
  removeRole(principal: Principal, key: string): Promise<boolean>;
  createToken(principal: Principal, request: TokenRequest): Promise<CreatedToken & { readonly record: TokenRecord }>;
  /** False where there was none, or it was revoked before. */
  revokeToken(principal: Principal, id: string): Promise<boolean>;
  upsertJwtIssuer(principal: Principal, issuer: JwtIssuerInput): Promise<ShownJwtIssuer>;
  /** False where there was none. Its tokens are refused at once, and their streams end. */
  removeJwtIssuer(principal: Principal, id: string): Promise<boolean>;
}

export interface ManagementDeps {
  readonly store: Pick<Store, 'administer' | 'administration' | 'hints'>;
  readonly auth: Pick<Auth, 'refresh' | 'addressMistake'>;
  readonly catalogue: Pick<Catalogue, 'category'>;
  readonly now: () => number;
  readonly random: RandomSource;
  /** Left out, nothing is recorded. */
  readonly recording?: Recording;
}

/** How changes by principals come into the log. */
export interface Recording {
  /**
   * The entries that tell of changes, each with an idempotency key. They are written in the transaction of the changes;
   * a full synchronization has all of its changes, the summary last.
   */
  changeEntries(principal: Principal, changes: readonly AdministrationChange[]): readonly EntryInput[];
  /**
   * Records what was written, once it is durable; awaited before the verb answers. When this rejects the verb does, and
   * the change stands.
   */
  recordChanges(to: Pick<Principal, 'organization' | 'organizationUid'>): Promise<void>;
}

/** Runs work after work. Each holds one connection and may need others meanwhile: many at once would wait for each other. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

export function openTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

type Statements = AdministrationStatements;
type Administer = <T>(
  principal: Principal,
  permission: Permission,
  work: (statements: Statements, principal: Principal) => Promise<T>,
) => Promise<T>;

/** The frame of every change: permission, turn, lock, and the caller’s rights as of under the lock. */
function openFrame({ store, auth }: ManagementDeps, inTurn: InTurn): Administer {
  return async (asked, permission, work) => {
    requirePermission(asked, permission);
    const result = await inTurn(() =>
      store.administer(async (statements) => {
        await statements.lockOrganization(asked.organization);
        // Whoever lost its rights while this waited does not act on them any more.
        const principal = await auth.refresh(asked);
        requirePermission(principal, permission);
        return work(statements, principal);
      }),
    );
    store.hints.send();
    return result;
  };
}

export function openManagement(deps: ManagementDeps, inTurn: InTurn): Management {
  const { auth, catalogue, now, random, recording } = deps;
  const administer = openFrame(deps, inTurn);

  /** Before the change itself is written: the head is locked last. */
  const tell = async (statements: Statements, principal: Principal, changes: readonly AdministrationChange[]) => {
    const entries = recording?.changeEntries(principal, changes) ?? [];
    if (entries.length > 0) await statements.writeOutbox(principal.organization, entries);
  };

  const change = async (principal: Principal, wish: Wish, dryRun = false): Promise<ChangeReport> => {
    requirePermission(principal, 'MANAGE_MEMBERS');
    checkWish(wish);
    const report = await administer(principal, 'MANAGE_MEMBERS', (statements, { organization, role }) =>
      carryOut(statements, wish, {
        organization,
        role,
        now: now(),
        dryRun,
        tell: ({ things, counts }) => {
          const entries = things(Number.POSITIVE_INFINITY).map(entryOf);
          return tell(statements, principal, wish.complete ? [...entries, syncEntry(counts)] : entries);
        },
      }),
    );
    // Committed with its entries from here on; whoever dies now leaves them to the next server that looks.
    if (!dryRun && !report.isEmpty) await recording?.recordChanges(principal);
    return report;
  };

  const remove = (principal: Principal, what: Partial<Wish['removed']>) =>
    change(principal, { ...noWish, removed: { ...noWish.removed, ...what } });

  const step = async <T>(
    principal: Principal,
    permission: Permission,
    prepare: (statements: Statements, principal: Principal) => Promise<Step<T>>,
  ): Promise<T> => {
    const done = await administer(principal, permission, async (statements, current) => {
      const prepared = await prepare(statements, current);
      if (prepared.change !== null) {
        await tell(statements, principal, [prepared.change]);
        await prepared.write();
      }
      return prepared;
    });
    if (done.change !== null) await recording?.recordChanges(principal);
    return done.result;
  };

  return {
    ...openLists(deps.store),
    upsertMembers: (principal, members) => change(principal, { ...noWish, members }),
    removeMembers: (principal, members) => remove(principal, { members }),
    upsertGroups: (principal, groups) => change(principal, { ...noWish, groups }),
    removeGroups: (principal, groups) => remove(principal, { groups }),
    upsertDirectories: (principal, directories) => change(principal, { ...noWish, directories }),
    removeDirectories: (principal, directories) => remove(principal, { directories }),
    setGrants: (principal, grants) => change(principal, { ...noWish, grants }),
    removeGrants: (principal, grants) => remove(principal, { grants }),
    synchronize: (principal, world, dryRun) => change(principal, { ...noWish, ...world, complete: true }, dryRun),
    upsertRole: (principal, input) =>
      step(principal, 'MANAGE_ROLES', (statements, { organization, role: by }) =>
        roleStep(statements, organization, input, { by, catalogue }),
      ),
    removeRole: (principal, key) =>
      step(principal, 'MANAGE_ROLES', (statements, { organization }) => roleRemoval(statements, organization, key)),
    createToken: (principal, request) =>
      step(principal, 'MANAGE_TOKENS', (statements, by) =>
        tokenStep(statements, by.organization, request, { by, now, random }),
      ),
    revokeToken: (principal, id) =>
      step(principal, 'MANAGE_TOKENS', (statements, { organization }) =>
        tokenRevocation(statements, organization, id, now()),
      ),
    upsertJwtIssuer: (principal, input) =>
      step(principal, 'MANAGE_TOKENS', (statements, { organization, role: by }) =>
        issuerStep(statements, organization, input, { by, auth, now, random }),
      ),
    removeJwtIssuer: (principal, id) =>
      step(principal, 'MANAGE_TOKENS', (statements, { organization }) =>
        issuerRemoval(statements, organization, id, now()),
      ),
  };
}
