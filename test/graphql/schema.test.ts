import { readFileSync } from 'node:fs';
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
  validateSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { type ActorType, actorTypes, outcomes } from '../../src/model/entry.ts';
import { accessLevels, permissions } from '../../src/model/role.ts';
import { viewColumns } from '../../src/model/view.ts';
import { intervals } from '../../src/model/zone.ts';
import { logDimensions } from '../../src/query/query.ts';

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

interface Described {
  readonly description?: string | null | undefined;
}

/** Everything in a type that people read a description of, by its place in the schema. */
function* places(type: GraphQLNamedType): Generator<[string, Described]> {
  yield [type.name, type];
  if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value];
  if (isInputObjectType(type))
    for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field];
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield [`${type.name}.${field.name}`, field];
      for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name})`, arg];
    }
  }
}

test('the schema is valid', () => {
  expect(validateSchema(schema)).toEqual([]);
});

test('schema.graphql is the printed schema; `npm run schema` writes it', () => {
  const file = new URL('../../schema.graphql', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(`${printSchema(schema)}\n`);
});

test('every type, field, argument, input field and enum value has a description that is a sentence', () => {
  const all = types.flatMap((type) => [...places(type)]);
  expect(all.length).toBeGreaterThan(200);
  expect(
    all.filter(([, { description }]) => !/^[^\s].*[.?]$/s.test(description ?? '')).map(([place]) => place),
  ).toEqual([]);
});

test('the root fields are the ones of the contract', () => {
  const fields = (type: ReturnType<typeof schema.getQueryType>) => Object.keys(type?.getFields() ?? {}).sort();
  expect(fields(schema.getQueryType())).toEqual([
    'accessTo',
    'accountChanges',
    'actions',
    'actors',
    'asMember',
    'directories',
    'eventCategories',
    'filterValues',
    'grants',
    'groups',
    'guards',
    'history',
    'jwtIssuers',
    'log',
    'logStatistics',
    'logs',
    'logsAround',
    'members',
    'newValues',
    'node',
    'openedSecrets',
    'organization',
    'pendingChanges',
    'roles',
    'savedView',
    'savedViews',
    'stoppedActions',
    'tokens',
    'viewer',
    'visibilityOf',
  ]);
  expect(fields(schema.getMutationType())).toEqual([
    'approveChange',
    'cancelChange',
    'createToken',
    'deleteView',
    'recordLogs',
    'removeDirectories',
    'removeGrants',
    'removeGroups',
    'removeJwtIssuer',
    'removeMembers',
    'removeRole',
    'revokeToken',
    'rotateToken',
    'saveView',
    'setGrants',
    'setGuard',
    'synchronize',
    'updateToken',
    'upsertDirectories',
    'upsertGroups',
    'upsertJwtIssuer',
    'upsertMembers',
    'upsertRole',
  ]);
  expect(fields(schema.getSubscriptionType())).toEqual(['logAdded']);
});

test('the root fields that touch the log ask for a permission', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const needed = roots.flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => [field.name, field.extensions.annalsPermission ?? null]),
  );
  expect(Object.fromEntries(needed)).toEqual({
    viewer: null,
    accessTo: 'MANAGE_MEMBERS',
    visibilityOf: 'MANAGE_MEMBERS',
    asMember: 'MANAGE_MEMBERS',
    organization: null,
    eventCategories: null,
    actions: null,
    node: null,
    logs: 'READ',
    logsAround: 'READ',
    log: 'READ',
    actors: 'READ',
    directories: 'READ',
    logStatistics: 'READ',
    filterValues: 'READ',
    history: 'READ',
    accountChanges: 'READ',
    openedSecrets: 'READ',
    newValues: 'READ',
    stoppedActions: 'READ',
    members: 'MANAGE_MEMBERS',
    groups: 'MANAGE_MEMBERS',
    grants: 'MANAGE_MEMBERS',
    roles: null,
    tokens: 'MANAGE_TOKENS',
    jwtIssuers: 'MANAGE_TOKENS',
    recordLogs: 'RECORD',
    upsertMembers: 'MANAGE_MEMBERS',
    removeMembers: 'MANAGE_MEMBERS',
    upsertGroups: 'MANAGE_MEMBERS',
    removeGroups: 'MANAGE_MEMBERS',
    upsertDirectories: 'MANAGE_MEMBERS',
    removeDirectories: 'MANAGE_MEMBERS',
    setGrants: 'MANAGE_MEMBERS',
    removeGrants: 'MANAGE_MEMBERS',
    synchronize: 'MANAGE_MEMBERS',
    upsertRole: 'MANAGE_ROLES',
    removeRole: 'MANAGE_ROLES',
    createToken: 'MANAGE_TOKENS',
    updateToken: 'MANAGE_TOKENS',
    rotateToken: 'MANAGE_TOKENS',
    revokeToken: 'MANAGE_TOKENS',
    upsertJwtIssuer: 'MANAGE_TOKENS',
    removeJwtIssuer: 'MANAGE_TOKENS',
    guards: 'MANAGE_ORGANIZATION',
    setGuard: 'MANAGE_ORGANIZATION',
    pendingChanges: null,
    approveChange: null,
    cancelChange: null,
    savedViews: 'READ',
    savedView: 'READ',
    saveView: 'READ',
    deleteView: 'READ',
    logAdded: 'READ',
  });
});

test('the enums are the vocabulary of the model', () => {
  const values = (name: string) => {
    const type = schema.getType(name);
    return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
  };
  expect(values('Outcome')).toEqual([...outcomes]);
  expect(values('ActorType')).toEqual([...actorTypes] satisfies ActorType[]);
  expect(values('AccessLevel')).toEqual([...accessLevels]);
  expect(values('Permission')).toEqual([...permissions]);
  expect(values('Interval')).toEqual([...intervals]);
  expect(values('LogDimension')).toEqual([...logDimensions]);
  expect(values('LogColumn')).toEqual([...viewColumns]);
});

test('what an entry states by itself is read without a resolver', () => {
  const type = schema.getType('LogEntry');
  const fields = isObjectType(type) ? type.getFields() : {};
  const resolved = Object.values(fields).filter((field) => field.resolve !== undefined);
  expect(resolved.map((field) => field.name).sort()).toEqual([
    'action',
    'actor',
    'affectedUser',
    'category',
    'description',
    'directory',
    'id',
    'position',
    'vault',
  ]);
});
