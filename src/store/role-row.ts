/** A role of an organization’s own as JSON in a row. */
import type { HideableField, Permission, VisibilityRule } from '../model/role.ts';

/** A role that an organization defines itself, as stored. */
export interface StoredRole {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly visibility: VisibilityRule;
  readonly hiddenFields: readonly HideableField[];
}

/** A role that the organization defines itself, as `StoredRole`; null for none. Of `role r`. */
export const roleJson = `case when r.id is null then null else json_build_object('key', r.key, 'name', r.name, 'description', r.description,
  'permissions', r.permissions, 'hiddenFields', r.hidden_fields, 'visibility', json_build_object(
    'categories', case when r.all_categories then null else r.categories end, 'scope', r.scope,
    'minimumAccessLevel', r.minimum_access_level, 'ownActivity', r.own_activity)) end`;
