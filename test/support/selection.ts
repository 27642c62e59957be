/** Selections of everything: whatever a type can tell, so that a field added later is asked for too. */
import {
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

const isList = (type: GraphQLOutputType): boolean =>
  isListType(type) || (isNonNullType(type) && isListType(type.ofType));

/**
 * All fields of a type that can be asked for without arguments, and of the types below. A type stands at most twice on a
 * path, and lists of a type that stands there already are left out: the schema is a graph with rings.
 */
export function everything(schema: GraphQLSchema, type: GraphQLOutputType, path: readonly string[] = []): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (isAbstractType(named)) {
    // The same field may have other types in other kinds: each kind has names of its own.
    const kinds = schema.getPossibleTypes(named).map((kind) => {
      const inner = fieldsOf(schema, Object.values(kind.getFields()), [...path, kind.name], `${kind.name}_`);
      return `... on ${kind.name} { ${inner} }`;
    });
    return `{ __typename ${kinds.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  return `{ __typename ${fieldsOf(schema, Object.values(named.getFields()), [...path, named.name])} }`;
}

type Field = GraphQLField<unknown, unknown>;

function fieldsOf(schema: GraphQLSchema, fields: readonly Field[], path: readonly string[], prefix = ''): string {
  const asked = fields.flatMap((field) => {
    const { name } = getNamedType(field.type);
    const times = path.filter((one) => one === name).length;
    if (field.args.some(isRequiredArgument) || times > 1 || (times === 1 && isList(field.type))) return [];
    const alias = prefix === '' ? '' : `${prefix}${field.name}: `;
    return [`${alias}${field.name} ${everything(schema, field.type, path)}`];
  });
  return asked.join(' ');
}
