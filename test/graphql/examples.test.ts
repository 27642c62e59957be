import {
  getVariableValues,
  isInputObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type Example, examples } from '../../src/graphql/examples.ts';
import { limitedParse } from '../../src/graphql/limits.ts';
import { schema } from '../../src/graphql/schema.ts';

function operationOf(example: Example): OperationDefinitionNode {
  const operations = parse(example.document).definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation === undefined || operations.length !== 1) throw new TypeError(`${example.name} needs one operation`);
  return operation;
}

/** The fields of the root types that a document asks for, as `Query.viewer`. */
function rootFields(example: Example): string[] {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  const found: string[] = [];
  const info = new TypeInfo(schema);
  const document = parse(example.document);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field(node) {
        const parent = info.getParentType();
        for (const root of roots) if (root && parent === root) found.push(`${root.name}.${node.name.value}`);
      },
    }),
  );
  return found;
}

test.each(examples.map((example) => [example.name, example] as const))(
  '%s is valid, with its variables',
  (_, example) => {
    expect(validate(schema, parse(example.document))).toEqual([]);
    const operation = operationOf(example);
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], example.variables ?? {});
    expect(errors ?? []).toEqual([]);
    const declared = (operation.variableDefinitions ?? []).map((one) => one.variable.name.value);
    expect(declared).toEqual(expect.arrayContaining(Object.keys(example.variables ?? {})));
  },
);

test.each(examples.map((example) => [example.name, example] as const))(
  '%s stays within the default limits',
  (_, example) => {
    expect(() => limitedParse(readConfig({}))(example.document)).not.toThrow();
  },
);

test('every query, mutation and subscription has an example', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const wanted = roots.flatMap((root) => Object.keys(root?.getFields() ?? {}).map((field) => `${root?.name}.${field}`));
  const shown = new Set(examples.flatMap(rootFields));
  expect(wanted.filter((field) => !shown.has(field))).toEqual([]);
});

test('every condition of a filter has an example', () => {
  const filter = schema.getType('LogFilter');
  const named = (value: unknown): string[] =>
    Array.isArray(value)
      ? value.flatMap(named)
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, part]) => [name, ...named(part)])
        : [];
  const shown = new Set(examples.flatMap(({ variables }) => named(variables?.filter)));
  const conditions = Object.keys(isInputObjectType(filter) ? filter.getFields() : {});
  expect(conditions.length).toBeGreaterThan(20);
  expect(conditions.filter((name) => !shown.has(name))).toEqual([]);
});

test('names of examples and of their operations are unique', () => {
  const names = examples.map((example) => example.name);
  const operations = examples.map((example) => operationOf(example).name?.value);
  expect(new Set(names).size).toBe(names.length);
  expect(operations.every((name) => name !== undefined)).toBe(true);
  expect(new Set(operations).size).toBe(operations.length);
});
