/** Reading the log through a member’s eyes. */
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Permission } from '../model/role.ts';
import type { Store } from '../store/store.ts';
import { memberPrincipal } from './member.ts';
import type { Visibility } from './visibility.ts';

export interface Previews {
  /**
   * The member as a principal under today’s rights, for a caller that manages members, reads, and sees the whole log: so a
   * preview never shows more than its caller sees. What is hidden from the caller’s role stays hidden. Every preview passes
   * here, and is noted before it is answered. Null when there is no such member. Errors: FORBIDDEN, BAD_INPUT for a member
   * that is not active or has no role: there is nothing to look through.
   */
  previewAs(principal: Principal, member: string): Promise<Principal | null>;
}

export interface PreviewsDeps {
  readonly store: Pick<Store, 'findMember'>;
  readonly visibility: Pick<Visibility, 'sightOf'>;
  /** Notes that the principal looks as the member; when it fails, nothing is shown. */
  readonly onPreview: (principal: Principal, member: Principal) => Promise<void>;
}

const needed: readonly Permission[] = ['MANAGE_MEMBERS', 'READ'];

const bad = (message: string) => new AnnalsError('BAD_INPUT', { path: 'member', message });

export function openPreviews({ store, visibility, onPreview }: PreviewsDeps): Previews {
  const admit = async (principal: Principal): Promise<void> => {
    const { key, permissions } = principal.role;
    const missing = needed.find((permission) => !permissions.has(permission));
    if (missing !== undefined) {
      throw new AnnalsError('FORBIDDEN', { message: `The role ${key} lacks the permission ${missing}.` });
    }
    if ((await visibility.sightOf(principal)).everything) return;
    throw new AnnalsError('FORBIDDEN', {
      message: `The role ${key} does not see the whole log, and a preview could show more than it sees.`,
      cure: 'Use a credential whose role sees every entry.',
    });
  };

  return {
    async previewAs(principal, externalId) {
      await admit(principal);
      const found = await memberPrincipal(store, principal, externalId);
      if (found === null) return null;
      const name = JSON.stringify(externalId);
      if (found.stored.status !== 'ACTIVE') throw bad(`The member ${name} is suspended or removed; it sees nothing.`);
      if (found.principal === null) throw bad(`The member ${name} has no role; it sees nothing.`);
      const { role, tokenId } = found.principal;
      const hiddenFields = role.hiddenFields.union(principal.role.hiddenFields);
      const preview: Principal = {
        ...found.principal,
        // What is remembered by token must tell views with other hidden fields apart.
        tokenId: `preview:${tokenId}:${[...hiddenFields].sort().join()}`,
        role: { ...role, hiddenFields },
      };
      await onPreview(principal, preview);
      return preview;
    },
  };
}
