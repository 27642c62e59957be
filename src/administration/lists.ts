/** What managers see of an organization’s people, places and rights, in pages by external id. */
import { type Principal, requirePermission } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Permission, Role } from '../model/role.ts';
import { isUuid } from '../model/uuid.ts';
import type {
  GrantPlace,
  GroupRecord,
  MemberRecord,
  MemberStatus,
  PagedGrant,
  Store,
  TokenRecord,
} from '../store/store.ts';
import { rolesOf } from './change.ts';
import { badInput } from './checks.ts';
import { type ShownJwtIssuer, shownIssuer } from './issuers.ts';
import { type ListPage, type ListRequest, pageOf, sizeOf } from './pages.ts';

export interface ListedGroup extends GroupRecord {
  readonly memberIds: readonly string[];
}

export interface Lists {
  /** Removed ones only when asked for by status. Addresses are null for a role from which they are hidden. */
  members(
    principal: Principal,
    request: ListRequest & {
      readonly search?: string | null | undefined;
      readonly status?: MemberStatus | null | undefined;
    },
  ): Promise<ListPage<MemberRecord>>;
  groups(principal: Principal, request: ListRequest): Promise<ListPage<ListedGroup>>;
  grants(
    principal: Principal,
    request: ListRequest & {
      readonly directoryId?: string | null | undefined;
      readonly memberId?: string | null | undefined;
      readonly groupId?: string | null | undefined;
    },
  ): Promise<ListPage<PagedGrant>>;
  /** Built-in ones first. Needs one of the permissions to manage members, roles or tokens. */
  roles(principal: Principal): Promise<readonly Role[]>;
  /** Oldest first; revoked ones only when asked for. Addresses are null for a role from which they are hidden. */
  tokens(
    principal: Principal,
    request: ListRequest & { readonly revoked?: boolean | null | undefined },
  ): Promise<ListPage<TokenRecord>>;
  /** All of them, oldest first: there are few. Without secrets. */
  jwtIssuers(principal: Principal): Promise<readonly ShownJwtIssuer[]>;
}

const grantCursor = ({ directoryId, memberId, groupId }: PagedGrant): string => {
  const place: GrantPlace = { directoryId, subject: memberId === null ? `g${groupId}` : `m${memberId}` };
  return Buffer.from(JSON.stringify([place.directoryId, place.subject])).toString('base64url');
};

function grantPlace(cursor: string): GrantPlace {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const [directoryId, subject]: unknown[] = Array.isArray(value) ? value : [];
    if (typeof directoryId === 'string' && typeof subject === 'string') return { directoryId, subject };
  } catch {
    // Said below.
  }
  throw new AnnalsError('BAD_CURSOR', { path: 'after' });
}

const managing: readonly Permission[] = ['MANAGE_MEMBERS', 'MANAGE_ROLES', 'MANAGE_TOKENS'];

function requireAny({ role }: Principal): void {
  if (managing.some((permission) => role.permissions.has(permission))) return;
  throw new AnnalsError('FORBIDDEN', {
    message: `The role ${role.key} has none of the permissions ${managing.join(', ')}.`,
  });
}

/** U+0000 cannot be compared in the database; nothing comes after such an id, and nothing contains it. */
function checkTexts(texts: Readonly<Record<string, string | null | undefined>>): void {
  for (const [path, text] of Object.entries(texts)) {
    if (text?.includes('\0') || text?.isWellFormed() === false) throw badInput(path, 'is not text that can be stored.');
  }
}

/** As the principal may see it: where others were is shown to those alone who see every entry, with its address. */
export function shownToken(token: TokenRecord, { role, member }: Pick<Principal, 'role' | 'member'>): TokenRecord {
  const { scope, categories } = role.visibility;
  const isOwn = member !== null && token.memberId === member.externalId;
  const sees = isOwn || (scope === 'ALL' && categories === null);
  return sees && !role.hiddenFields.has('IP') ? token : { ...token, lastUsedFrom: null };
}

export function openLists({ administration }: Pick<Store, 'administration'>): Lists {
  return {
    async members(principal, request) {
      requirePermission(principal, 'MANAGE_MEMBERS');
      const limit = sizeOf(request);
      const { after = null, search = null, status = null } = request;
      checkTexts({ after, search });
      const emails = !principal.role.hiddenFields.has('EMAIL');
      const page = { after, limit: limit + 1 };
      const rows = await administration.pageMembers(principal.organization, page, { search, emails, status });
      const shown = emails ? rows : rows.map((row) => ({ ...row, email: null }));
      return pageOf(shown, limit, (row) => row.externalId);
    },
    async groups(principal, request) {
      requirePermission(principal, 'MANAGE_MEMBERS');
      const limit = sizeOf(request);
      const { after = null } = request;
      checkTexts({ after });
      const rows = await administration.pageGroups(principal.organization, { after, limit: limit + 1 });
      const ids = rows.map((row) => row.externalId);
      const of = { groups: ids, members: [] };
      const memberships = ids.length === 0 ? [] : await administration.readMemberships(principal.organization, of);
      const byGroup = Map.groupBy(memberships, (one) => one.groupId);
      const listed = rows.map((row) => ({
        ...row,
        memberIds: (byGroup.get(row.externalId) ?? []).map((one) => one.memberId),
      }));
      return pageOf(listed, limit, (row) => row.externalId);
    },
    async grants(principal, request) {
      requirePermission(principal, 'MANAGE_MEMBERS');
      const limit = sizeOf(request);
      const { directoryId: directory = null, memberId: member = null, groupId: group = null, after } = request;
      checkTexts({ directoryId: directory, memberId: member, groupId: group });
      const place = after === null || after === undefined ? null : grantPlace(after);
      checkTexts({ after: place && `${place.directoryId}${place.subject}` });
      // Only who sees every entry may know what one of them called a directory.
      const { scope, categories } = principal.role.visibility;
      const newestNames = scope === 'ALL' && categories === null;
      const where = { directory, member, group, after: place, limit: limit + 1, newestNames };
      return pageOf(await administration.pageGrants(principal.organization, where), limit, grantCursor);
    },
    async roles(principal) {
      requireAny(principal);
      return [...(await rolesOf(administration, principal.organization)).values()];
    },
    async tokens(principal, request) {
      requirePermission(principal, 'MANAGE_TOKENS');
      const limit = sizeOf(request);
      const { after = null, revoked = false } = request;
      if (after !== null && !isUuid(after)) throw new AnnalsError('BAD_CURSOR', { path: 'after' });
      const page = { after, limit: limit + 1, revoked: revoked ?? false };
      const rows = await administration.pageTokens(principal.organization, page);
      return pageOf(
        rows.map((row) => shownToken(row, principal)),
        limit,
        (row) => row.id,
      );
    },
    async jwtIssuers(principal) {
      requirePermission(principal, 'MANAGE_TOKENS');
      return (await administration.readJwtIssuers(principal.organization)).map(shownIssuer);
    },
  };
}
