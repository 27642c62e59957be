/** What members and integrations administer through the API: each verb takes the principal that asks. */
import { type Auth, type Principal, requirePermission } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Guard, GuardedOperation } from '../model/guard.ts';
import type { Permission, Role } from '../model/role.ts';
import type { Seal } from '../model/seal.ts';
import type { RandomSource } from '../model/uuid.ts';
import type { AdministrationStatements, TokenRecord } from '../store/store.ts';
import { type ChangeReport, heldReport, prepareWish } from './change.ts';
import type { Frame, FrameDeps } from './frame.ts';
import { guardOn, holdBack } from './guards/hold.ts';
import { openPendingChanges, type PendingChange, type PendingChanges, shownPending } from './guards/pending.ts';
import { type GuardInput, guardStep, guardsOf } from './guards/settings.ts';
import { type Due, openDue, openSettle } from './guards/settle.ts';
import { requestedEntry } from './guards/told.ts';
import { issuerRemoval, issuerStep, type JwtIssuerInput, type ShownJwtIssuer } from './issuers.ts';
import { type Lists, openLists, shownToken } from './lists.ts';
import { type RoleInput, roleRemoval, roleStep } from './roles.ts';
import { type RotationRequest, rotationStep } from './rotation.ts';
import type { Prepared, Step } from './step.ts';
import { type TokenChange, tokenChangeStep } from './tokenChange.ts';
import { type CreatedToken, type TokenRequest, tokenRevocation, tokenStep } from './tokens.ts';
import type { ViewInput } from './views/input.ts';
import type { FilterLanguage } from './views/language.ts';
import { readerOf } from './views/reader.ts';
import { viewRemoval, viewStep } from './views/save.ts';
import { type ShownView, shownView } from './views/shown.ts';
import { openViews, type Views } from './views/views.ts';
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
 * that `createToken` makes another token, and `rotateToken` another secret. Errors: FORBIDDEN, BAD_INPUT with the path of
 * the mistake, ESCALATION, UNAUTHENTICATED where the credential ended meanwhile, UNAVAILABLE, STATEMENT_TIMEOUT. What the organization guards is not
 * done but waits, and the answer says so: `pending`.
 */
export interface Management extends Lists, PendingChanges, Views {
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
  /** Where `pending` is not null, the token is valid only once that is done. */
  createToken(
    principal: Principal,
    request: TokenRequest,
  ): Promise<CreatedToken & { readonly record: TokenRecord; readonly pending: PendingChange | null }>;
  /** Null where there is no such token, or it was revoked. On open streams, too. */
  updateToken(principal: Principal, change: TokenChange): Promise<TokenRecord | null>;
  /**
   * A new secret for the same token; the one before is good for the overlap. Where `pending` is not null, nothing of it is in
   * force until that is done. Null where there is no such token.
   */
  rotateToken(
    principal: Principal,
    request: RotationRequest,
  ): Promise<(CreatedToken & { readonly record: TokenRecord; readonly pending: PendingChange | null }) | null>;
  /** False where there was none, or it was revoked before. */
  revokeToken(principal: Principal, id: string): Promise<boolean>;
  /** Where `pending` is not null, nothing of it is in force until that is done. */
  upsertJwtIssuer(
    principal: Principal,
    issuer: JwtIssuerInput,
  ): Promise<ShownJwtIssuer & { readonly pending: PendingChange | null }>;
  /** False where there was none. Its tokens are refused at once, and their streams end. */
  removeJwtIssuer(principal: Principal, id: string): Promise<boolean>;
  /** Also VIEW_NOT_FOUND, TOO_MANY_VIEWS, FIELD_HIDDEN, QUERY_TOO_LARGE. */
  saveView(principal: Principal, input: ViewInput): Promise<ShownView>;
  /** By UUID; false where there was none that the principal may use. */
  deleteView(principal: Principal, id: string): Promise<boolean>;
  /** What is asked for before an operation. To ask for more applies at once; to ask for less is itself guarded. */
  setGuard(
    principal: Principal,
    input: GuardInput,
  ): Promise<{ readonly guards: readonly Guard[]; readonly pending: PendingChange | null }>;
}

export interface ManagementDeps extends FrameDeps {
  readonly auth: Pick<Auth, 'refresh' | 'recall' | 'addressMistake'>;
  readonly catalogue: Pick<Catalogue, 'category'>;
  readonly now: () => number;
  readonly random: RandomSource;
  /** For secrets that wait. */
  readonly seal: Seal;
  /** What filters of views are read with. */
  readonly language: FilterLanguage;
}

interface Done<P> {
  readonly prepared: P;
  /** What waits instead of being done. */
  readonly pending: PendingChange | null;
  /** Of a dry run: what would hold the real one back. */
  readonly guardedBy: GuardedOperation | null;
}

type Perform = <P extends Prepared>(
  principal: Principal,
  permission: Permission,
  prepare: (statements: AdministrationStatements, principal: Principal) => Promise<P>,
  dryRun?: boolean,
) => Promise<Done<P>>;

/** Does what was prepared, with the entries that tell of it, or holds it back. */
function openPerform(deps: ManagementDeps, frame: Frame): Perform {
  return async (asked, permission, prepare, dryRun = false) => {
    const { told, ...done } = await frame.administer(asked, permission, async (statements, principal) => {
      const prepared = await prepare(statements, principal);
      const guard = await guardOn(statements, principal.organization, prepared.guarded);
      const guarded = guard === null ? null : (prepared.guarded ?? null);
      const guardedBy = guarded?.operations[0] ?? null;
      if (dryRun) return { prepared, pending: null, guardedBy, told: false };
      const changes = prepared.changes();
      const done = { prepared, pending: null, guardedBy: null };
      if (changes.length === 0) {
        if (prepared.untold) await prepared.write();
        return { ...done, told: false };
      }
      if (guard !== null && guarded !== null) {
        const held = await holdBack(statements, principal, { guarded, requirement: guard, changes }, deps);
        if (held.isNew) await frame.tell(statements, asked, [requestedEntry(held.pending)]);
        return { ...done, pending: shownPending(held.pending), told: true };
      }
      await frame.tell(statements, asked, changes);
      await prepared.write();
      return { ...done, told: true };
    });
    // Committed with its entries from here on; whoever dies now leaves them to the next server that looks.
    if (told) await frame.record(asked);
    return done;
  };
}

export function openManagement(deps: ManagementDeps, frame: Frame): Management & { readonly due: Due } {
  const { store, auth, catalogue, now, random, seal, language } = deps;
  const perform = openPerform(deps, frame);
  const requests = { auth, now, random, seal };
  const settling = { frame, auth, now, requests };
  const settle = openSettle(settling);

  const change = async (principal: Principal, wish: Wish, dryRun = false): Promise<ChangeReport> => {
    requirePermission(principal, 'MANAGE_MEMBERS');
    checkWish(wish);
    const { prepared, pending, guardedBy } = await perform(
      principal,
      'MANAGE_MEMBERS',
      (statements, { organization, role }) => prepareWish(statements, wish, { organization, role, now: now() }),
      dryRun,
    );
    return pending === null ? { ...prepared.report, guardedBy } : heldReport(pending);
  };

  const remove = (principal: Principal, what: Partial<Wish['removed']>) =>
    change(principal, { ...noWish, removed: { ...noWish.removed, ...what } });

  const step = async <T>(
    principal: Principal,
    permission: Permission,
    prepare: (statements: AdministrationStatements, principal: Principal) => Promise<Step<T>>,
  ): Promise<T> => (await perform(principal, permission, prepare)).prepared.result;

  return {
    ...openLists(store),
    ...openViews(store, language),
    ...openPendingChanges({ ...settling, store, settle }),
    due: openDue({ store, settle, now }),
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
    async createToken(principal, request) {
      const { prepared, pending } = await perform(principal, 'MANAGE_TOKENS', (statements, by) =>
        tokenStep(statements, by.organization, request, { by, now, random }),
      );
      return { ...prepared.result, pending };
    },
    async updateToken(principal, change) {
      const after = await step(principal, 'MANAGE_TOKENS', (statements, by) =>
        tokenChangeStep(statements, by.organization, change, by),
      );
      return after && shownToken(after, principal);
    },
    async rotateToken(principal, request) {
      const { prepared, pending } = await perform(principal, 'MANAGE_TOKENS', (statements, by) =>
        rotationStep(statements, by.organization, request, { by, now, random }),
      );
      if (prepared.result === null) return null;
      const { id, token, before, record } = prepared.result;
      return { id, token, record: shownToken(pending === null ? record : before, principal), pending };
    },
    revokeToken: (principal, id) =>
      step(principal, 'MANAGE_TOKENS', (statements, { organization }) =>
        tokenRevocation(statements, organization, id, now()),
      ),
    async upsertJwtIssuer(principal, input) {
      const { prepared, pending } = await perform(principal, 'MANAGE_TOKENS', (statements, { organization, role }) =>
        issuerStep(statements, organization, input, { ...requests, by: role }),
      );
      // Asked for again, a new one is that of the first time.
      const id = pending?.planned[0]?.targets?.[0]?.id ?? prepared.result.id;
      return { ...prepared.result, id, pending };
    },
    removeJwtIssuer: (principal, id) =>
      step(principal, 'MANAGE_TOKENS', (statements, { organization }) =>
        issuerRemoval(statements, organization, id, now()),
      ),
    async saveView(principal, input) {
      const record = await step(principal, 'READ', (statements, by) => viewStep(statements, by, input, deps));
      return shownView(language, principal, await readerOf(store.administration, principal), record);
    },
    deleteView: (principal, id) => step(principal, 'READ', (statements, by) => viewRemoval(statements, by, id)),
    async setGuard(principal, input) {
      const { prepared, pending } = await perform(principal, 'MANAGE_ORGANIZATION', (statements, { organization }) =>
        guardStep(statements, organization, input),
      );
      const guards = pending === null ? prepared.result : await guardsOf(store.administration, principal.organization);
      return { guards, pending };
    },
  };
}
