/** What an operation asks for below a field: costly parts are computed only then. */
import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/** Whether a field of this name stands anywhere below; also one that a directive may leave out. */
export function asksFor({ fieldNodes, fragments }: GraphQLResolveInfo, name: string): boolean {
  const met = new Set<string>();
  const inside = (selection: SelectionSetNode | undefined): boolean =>
    selection?.selections.some((one) => {
      if (one.kind === 'Field') return one.name.value === name || inside(one.selectionSet);
      if (one.kind === 'InlineFragment') return inside(one.selectionSet);
      if (met.has(one.name.value)) return false;
      met.add(one.name.value);
      return inside(fragments[one.name.value]?.selectionSet);
    }) ?? false;
  return fieldNodes.some((node) => inside(node.selectionSet));
}
