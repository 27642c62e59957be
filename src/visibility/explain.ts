/** Who sees what, and by which rule: for a principal, for a member, and for an entry. */
import type { Principal } from '../auth/auth.ts';
import type { Entry } from '../model/entry.ts';
import { type Role, reaches, resolveRole } from '../model/role.ts';
import type { Store, StoredGrant, StoredGroup, StoredMember } from '../store/store.ts';
import { type ActionDeps, actionsOf } from './actions.ts';
import { memberPrincipal } from './member.ts';
import { compareKeys, countOf, cursorOf, keyOf, type SortKey } from './pages.ts';
import { type AccessHolder, type Claim, judge, nearestGrants } from './reasons.ts';
import type { Sight, Visibility } from './visibility.ts';

/** What a grant does for what its holder sees. */
export interface ExplainedGrant extends Pick<StoredGrant, 'level'> {
  /** Null for a stated one whose directory was not met. */
  readonly directory: number | null;
  /** External id of the directory where the credential states the grant; null for a stored one. */
  readonly statedId: string | null;
  /** Null for a grant to the member itself. */
  readonly group: StoredGroup | null;
  /**
   * OPENS: entries in and under the directory are seen. CLOSES: too low, and it overrides what the same subject has from
   * above. NONE: too low, where nothing was open. Of a stated one that is too low it is not told which: what lies above may
   * be known from hidden entries only.
   */
  readonly effect: 'OPENS' | 'CLOSES' | 'NONE';
}

/** A member, and what it sees today. */
export interface MemberView {
  readonly member: StoredMember;
  /** Null while it is not active, or has no role: it sees nothing then. */
  readonly as: { readonly principal: Principal; readonly sight: Sight } | null;
}

export interface AccessPage {
  readonly edges: readonly { readonly cursor: string; readonly holder: AccessHolder }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
}

export interface AccessRequest {
  readonly first: number;
  readonly after: string | null;
  /** Also those whom only an obstacle keeps from it. */
  readonly almost: boolean;
}

/** Questions of principals that manage members, and of everyone about itself; who may ask is the caller’s to decide. */
export interface Explanations {
  /** The grants behind a sight, by directory, with what each does. */
  grants(principal: Principal, sight: Sight): Promise<ExplainedGrant[]>;
  /** Null when there is no such member. */
  member(principal: Principal, externalId: string): Promise<MemberView | null>;
  /**
   * Members and tokens that see the entry, by kind, name and id, each with every reason. The number of statements does not
   * grow with the members. Errors: BAD_INPUT, PAGE_TOO_LARGE, BAD_CURSOR.
   */
  accessTo(principal: Principal, entry: Entry, request: AccessRequest): Promise<AccessPage>;
}

type StatementNames =
  | 'findMember'
  | 'readOwnRoles'
  | 'readHolders'
  | 'readRoleTokens'
  | 'readGroups'
  | 'readAncestors'
  | 'readGrantsOn';

export interface ExplanationsDeps extends ActionDeps {
  readonly store: Pick<Store, StatementNames>;
  readonly visibility: Pick<Visibility, 'sightOf'>;
  readonly now: () => number;
}

const sortKeyOf = ({ kind, name, id }: AccessHolder): SortKey => [kind, name, id];

export function openExplanations(deps: ExplanationsDeps): Explanations {
  const { store, visibility } = deps;

  const groupsOf = async (organization: number, grants: readonly { readonly group: number | null }[]) => {
    const numbers = [...new Set(grants.map(({ group }) => group))].filter((group) => group !== null);
    const groups = numbers.length === 0 ? [] : await store.readGroups(organization, numbers);
    return new Map(groups.map((group) => [group.number, group]));
  };

  /** The directory and all above it, from below. */
  const pathOf = async (organization: number, directory: number | null): Promise<number[]> => {
    const path = directory === null ? [] : await store.readAncestors(organization, [directory]);
    return path.map((step) => step.directory);
  };

  /** Everybody with a role, and what its rights at the entry are. */
  const claimsOn = async (organization: number, entry: Entry) => {
    const path = await pathOf(organization, entry.directory);
    const [ownRoles, members, tokens, grants] = await Promise.all([
      store.readOwnRoles(organization),
      store.readHolders(organization),
      store.readRoleTokens(organization),
      path.length === 0 ? [] : store.readGrantsOn(organization, path),
    ]);
    const groups = await groupsOf(organization, grants);
    const nearest = nearestGrants(path, grants);
    const own = new Map(ownRoles.map((role) => [role.key, role]));
    const roles = new Map<string, Pick<Claim, 'role' | 'actions'> | null>();
    const roleOf = (key: string) => {
      const known = roles.get(key);
      if (known !== undefined) return known;
      const role: Role | undefined = resolveRole(key, own.get(key) ?? null);
      const resolved = role === undefined ? null : { role, actions: actionsOf(role.visibility, deps) };
      roles.set(key, resolved);
      return resolved;
    };
    const valid = tokens.filter(({ expiresAt }) => expiresAt === null || expiresAt > deps.now());
    return [
      ...members.map(({ id, externalId, name, role, actor }) => ({
        who: { kind: 'MEMBER', id: externalId, name } as const,
        claim: { ...roleOf(role), actor, grants: nearest.get(id) ?? [], groups },
      })),
      ...valid.map(({ id, name, role }) => ({
        who: { kind: 'TOKEN', id, name } as const,
        claim: { ...roleOf(role), actor: null, grants: [], groups },
      })),
    ];
  };

  const holdersOf = async (organization: number, entry: Entry): Promise<AccessHolder[]> =>
    (await claimsOn(organization, entry)).flatMap(({ who, claim }) => {
      const { role, actions } = claim;
      if (role === undefined || actions === undefined) return [];
      const verdict = judge(entry, { ...claim, role, actions });
      return verdict === null ? [] : [{ ...who, role, ...verdict }];
    });

  return {
    async grants({ organization, role }, { grants, stated }) {
      const enough = ({ level }: Pick<StoredGrant, 'level'>) => reaches(level, role.visibility.minimumAccessLevel);
      const low = grants.filter((grant) => !enough(grant)).map(({ directory }) => directory);
      const [groups, ancestors] = await Promise.all([
        groupsOf(organization, grants),
        low.length === 0 ? [] : store.readAncestors(organization, [...new Set(low)]),
      ]);
      const above = Map.groupBy(ancestors, ({ start }) => start);
      const bySubject = new Map(grants.map((grant) => [`${grant.group} ${grant.directory}`, grant]));
      const effectOf = (grant: StoredGrant): ExplainedGrant['effect'] => {
        if (enough(grant)) return 'OPENS';
        const steps = (above.get(grant.directory) ?? []).filter(({ depth }) => depth > 0);
        const overridden = steps
          .map(({ directory }) => bySubject.get(`${grant.group} ${directory}`))
          .find((one) => one !== undefined);
        return overridden !== undefined && enough(overridden) ? 'CLOSES' : 'NONE';
      };
      const stored = grants.map((grant) => ({
        ...grant,
        statedId: null,
        group: grant.group === null ? null : (groups.get(grant.group) ?? null),
        effect: effectOf(grant),
      }));
      const fromCredential = stated.map(({ id, level, directory }) => ({
        directory,
        statedId: id,
        level,
        group: null,
        effect: enough({ level }) ? ('OPENS' as const) : ('CLOSES' as const),
      }));
      return [...stored, ...fromCredential];
    },

    async member(principal, externalId) {
      const member = await memberPrincipal(store, principal, externalId);
      if (member === null) return null;
      const as = member.principal;
      return {
        member: member.stored,
        as: as === null ? null : { principal: as, sight: await visibility.sightOf(as) },
      };
    },

    async accessTo({ organization }, entry, { first, after, almost }) {
      const count = countOf(first);
      const from = after === null ? null : keyOf(after, 3);
      const holders = (await holdersOf(organization, entry)).filter(({ obstacle }) => almost || obstacle === null);
      const sorted = holders
        .map((holder) => ({ key: sortKeyOf(holder), holder }))
        .sort((one, other) => compareKeys(one.key, other.key));
      const rest = from === null ? sorted : sorted.filter(({ key }) => compareKeys(key, from) > 0);
      return {
        edges: rest.slice(0, count).map(({ key, holder }) => ({ cursor: cursorOf(key), holder })),
        hasNextPage: rest.length > count,
        hasPreviousPage: rest.length < sorted.length,
        totalCount: sorted.length,
      };
    },
  };
}
