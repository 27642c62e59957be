/** Organizations and what belongs to them: members, groups, directories, grants, tokens. */

import type { Auth } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import type { OwnLimits } from '../model/limits.ts';
import type { Seal } from '../model/seal.ts';
import { type RandomSource, uuidV7 } from '../model/uuid.ts';
import { type AdministrationStatements, type Store, storeFault } from '../store/store.ts';
import { limitsOf } from './bounds.ts';
import { carryOut } from './change.ts';
import { badInput } from './checks.ts';
import { openFrame, openTurns, type Recording } from './frame.ts';
import type { Due } from './guards/settle.ts';
import { type Management, openManagement } from './management.ts';
import { type RotationRequest, rotationStep } from './rotation.ts';
import { type TokenChange, tokenChangeStep } from './tokenChange.ts';
import { type CreatedToken, type TokenRequest, tokenRevocation, tokenStep } from './tokens.ts';
import type { FilterLanguage } from './views/language.ts';
import { type World, wishOf } from './world.ts';

export type { ChangeReport } from './change.ts';
export type { AdministrationChange, ChangeCount, ChangedThing, ChangeKind, ChangeOperation, Named } from './changes.ts';
export type { Doer, Recording } from './frame.ts';
export type { PendingChange } from './guards/pending.ts';
export type { GuardInput } from './guards/settings.ts';
export type { Planned } from './guards/told.ts';
export type { JwtIssuerInput, ShownJwtIssuer } from './issuers.ts';
export type { ListedGroup } from './lists.ts';
export type { Management } from './management.ts';
export type { ListPage, ListRequest } from './pages.ts';
export type { RoleInput } from './roles.ts';
export type { RotationRequest } from './rotation.ts';
export type { TokenChange } from './tokenChange.ts';
export type { CreatedToken, TokenRequest } from './tokens.ts';
export type { ViewInput } from './views/input.ts';
export type { FilterLanguage, ViewPeriod } from './views/language.ts';
export type { ShownView, ViewOrder, ViewProblem } from './views/shown.ts';
export type { ViewInUse } from './views/views.ts';
export type { DirectoryInput, GrantInput, GrantKey, GroupInput, MemberInput, WorldInput } from './wish.ts';
export type { World } from './world.ts';

export interface OrganizationRef {
  readonly organization: number;
  readonly organizationUid: string;
  readonly name: string;
}

export interface Owner {
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
}

/** What the operator does, who may do everything; and, as `management`, what principals do. */
export interface Administration {
  /** An organization with its log, its first owner and the owner’s token. Errors: BAD_INPUT. */
  createOrganization(options: {
    name: string;
    demo?: boolean;
    owner?: Owner;
  }): Promise<OrganizationRef & { ownerToken: string }>;
  organizations(): Promise<(OrganizationRef & { readonly demo: boolean })[]>;
  /** Errors: BAD_INPUT for an unknown member or role, and for an empty name. */
  createToken(to: OrganizationRef, request: TokenRequest): Promise<CreatedToken>;
  /** Limits of its own: those that are stated; null takes one away. Answers with all. In force from the next request on. Errors: BAD_INPUT. */
  limitOrganization(to: OrganizationRef, limits: OwnLimits): Promise<OwnLimits>;
  /** What is left out stays as it is. Errors: BAD_INPUT. */
  updateToken(to: OrganizationRef, change: TokenChange): Promise<void>;
  /** Another secret for a token, beside the one before for a while. Errors: BAD_INPUT. */
  rotateToken(to: OrganizationRef, request: RotationRequest): Promise<CreatedToken>;
  /** Errors: BAD_INPUT for an unknown token. Takes effect at once, on open streams too. */
  revokeToken(to: OrganizationRef, id: string): Promise<void>;
  /**
   * Adds or updates members, groups, directories and grants; removes nothing. Takes effect at once, on every server and
   * on open streams. Errors: BAD_INPUT with the path of the mistake; then nothing was written.
   */
  importWorld(to: OrganizationRef, world: World): Promise<void>;
  readonly management: Management;
  /** Guarded changes whose time has come. */
  readonly due: Due;
}

export interface AdministrationDeps {
  readonly store: Pick<Store, 'prisma' | 'hints' | 'administer' | 'administration'>;
  readonly auth: Pick<Auth, 'refresh' | 'recall' | 'addressMistake'>;
  readonly catalogue: Pick<Catalogue, 'category'>;
  readonly now: () => number;
  readonly random: RandomSource;
  readonly seal: Seal;
  /** See `ManagementDeps`. */
  readonly language: FilterLanguage;
  /** See `ManagementDeps`. */
  readonly recording?: Recording;
}

const organizationName = /^\S.{0,98}\S$|^\S$/u;

function checkOrganizationName(name: string): void {
  if (organizationName.test(name) && !name.includes('\0') && name.isWellFormed()) return;
  throw new AnnalsError('BAD_INPUT', {
    path: 'name',
    message: 'An organization’s name has 1 to 100 characters on one line and no space at either end.',
  });
}

const taken = (name: string) =>
  new AnnalsError('BAD_INPUT', {
    path: 'name',
    message: `There is an organization ${JSON.stringify(name)} already.`,
    cure: 'Choose another name.',
  });

export function openAdministration(deps: AdministrationDeps): Administration {
  const { store, now, random } = deps;
  const inTurn = openTurns();
  const frame = openFrame(deps, inTurn);
  const newToken = async (statements: AdministrationStatements, organization: number, request: TokenRequest) => {
    const { result, write } = await tokenStep(statements, organization, request, { by: null, now, random });
    await write();
    return { id: result.id, token: result.token };
  };

  const { due, ...management } = openManagement(deps, frame);

  return {
    management,
    due,

    async createOrganization({ name, demo = false, owner = { externalId: 'owner', name: 'Owner', email: null } }) {
      checkOrganizationName(name);
      const wish = wishOf({ members: [{ ...owner, role: 'OWNER' }], groups: [], directories: [], grants: [] });
      const uid = uuidV7(now(), random);
      return inTurn(() =>
        store.administer(async (statements) => {
          const organization = await statements.insertOrganization({ uid, name, demo });
          if (organization === null) throw taken(name);
          await carryOut(statements, wish, { organization, role: null, now: now() });
          const request = { name: 'first owner', actsAs: { member: owner.externalId } };
          const { token } = await newToken(statements, organization, request);
          return { organization, organizationUid: uid, name, ownerToken: token };
        }),
      );
    },

    async organizations() {
      const all = await store.prisma.organization.findMany({ orderBy: { id: 'asc' } }).catch((error: unknown) => {
        throw storeFault(error);
      });
      return all.map(({ id, uid, name, demo }) => ({ organization: id, organizationUid: uid, name, demo }));
    },

    createToken: ({ organization }, request) =>
      frame.locked(organization, (statements) => newToken(statements, organization, request)),

    limitOrganization: ({ organization }, limits) =>
      frame.locked(organization, async (statements) => {
        const all = limitsOf({ ...(await statements.readOrganizationLimits(organization)), ...limits });
        await statements.writeOrganizationLimits(organization, all);
        return all ?? {};
      }),

    updateToken: ({ organization }, change) =>
      frame.locked(organization, async (statements) => {
        const { result, write } = await tokenChangeStep(statements, organization, change, null);
        if (result === null) throw badInput('id', 'there is no such token, or it was revoked.');
        await write();
      }),

    rotateToken: ({ organization }, request) =>
      frame.locked(organization, async (statements) => {
        const { result, write } = await rotationStep(statements, organization, request, { by: null, now, random });
        if (result === null) throw badInput('id', 'there is no such token.');
        await write();
        return { id: result.id, token: result.token };
      }),

    revokeToken: ({ organization }, id) =>
      frame.locked(organization, async (statements) => {
        const { result, write } = await tokenRevocation(statements, organization, id, now());
        if (!result) throw badInput('id', 'there is no such token, or it was revoked before.');
        await write();
      }),

    async importWorld({ organization }, world) {
      const wish = wishOf(world);
      await frame.locked(organization, (statements) =>
        carryOut(statements, wish, { organization, role: null, now: now() }),
      );
    },
  };
}
