import type { Catalogue } from '../catalogue/catalogue.ts';
import type { VisibilityRule } from '../model/role.ts';

export interface ActionDeps {
  readonly catalogue: Pick<Catalogue, 'actionsOf'>;
  readonly actionNumber: (key: string) => number | undefined;
}

/** Numbers of the actions of a rule’s categories; none for a rule that sees all categories, which needs none. */
export function actionsOf({ categories }: VisibilityRule, { catalogue, actionNumber }: ActionDeps): Set<number> {
  const keys = (categories ?? []).flatMap((category) => catalogue.actionsOf(category).map((action) => action.key));
  return new Set(keys.map(actionNumber).filter((number) => number !== undefined));
}
