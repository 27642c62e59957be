import type { AccessLevel } from '../model/role.ts';
import { checkWorld } from './checks.ts';
import { noWish, type Wish } from './wish.ts';

/**
 * An organization’s people and places, by the product’s own ids. Every reference is to something in the same world, and
 * parents come before their children.
 */
export interface World {
  readonly members: readonly {
    readonly externalId: string;
    readonly name: string;
    readonly email: string | null;
    /** Key of a role; null may do and see nothing. */
    readonly role: string | null;
  }[];
  readonly groups: readonly {
    readonly externalId: string;
    readonly name: string;
    readonly memberIds: readonly string[];
  }[];
  readonly directories: readonly {
    readonly externalId: string;
    /** Null leaves it as it is. */
    readonly name: string | null;
    readonly kind: 'VAULT' | 'FOLDER';
    readonly parentId: string | null;
  }[];
  readonly grants: readonly {
    readonly directoryId: string;
    readonly subject: { readonly memberId: string } | { readonly groupId: string };
    readonly level: AccessLevel;
  }[];
}

const own = <T extends { readonly externalId: string }>({ externalId, ...rest }: T) => ({ id: externalId, ...rest });

/** The wish that adds and updates everything in the world, and removes nothing. Errors: BAD_INPUT. */
export function wishOf(world: World): Wish {
  checkWorld(world);
  return {
    ...noWish,
    members: world.members.map(own),
    groups: world.groups.map(own),
    directories: world.directories.map(own),
    grants: world.grants.map(({ directoryId, subject, level }) => ({ directoryId, ...subject, level })),
    addsMembers: true,
  };
}
