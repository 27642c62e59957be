/** Who may call a root field: decided here once, before any resolver runs. The domain checks again. */
import type { GraphQLField, GraphQLSchema } from 'graphql';
import { type Principal, requirePermission } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Permission } from '../model/role.ts';
import type { AnnalsContext } from './context.ts';

const permissionKey = 'annalsPermission';

/** Field options of a root field that needs a permission. */
export function needs(permission: Permission): { readonly extensions: Readonly<Record<string, unknown>> } {
  return { extensions: { [permissionKey]: permission } };
}

/** The authenticated caller; throws UNAUTHENTICATED without one. */
export function caller(context: Pick<AnnalsContext, 'principal'>): Principal {
  if (context.principal === null) throw new AnnalsError('UNAUTHENTICATED');
  return context.principal;
}

/** The caller, if its role has the permission; throws UNAUTHENTICATED or FORBIDDEN. */
export function callerWith(context: Pick<AnnalsContext, 'principal'>, permission: Permission): Principal {
  const principal = caller(context);
  requirePermission(principal, permission);
  return principal;
}

type RootField = GraphQLField<unknown, AnnalsContext>;

function admit(field: RootField, context: AnnalsContext): void {
  const permission = field.extensions[permissionKey] as Permission | undefined;
  if (permission === undefined) caller(context);
  else callerWith(context, permission);
}

/** A refusal is recorded before it is answered. */
async function refuse(field: RootField, context: AnnalsContext, error: unknown): Promise<never> {
  const { principal } = context;
  if (principal !== null && error instanceof AnnalsError) {
    const needed = field.extensions[permissionKey] as Permission | undefined;
    const lacking = needed !== undefined && !principal.role.permissions.has(needed) ? { permission: needed } : {};
    await context.services.access.refused(principal, error, { operation: field.name, ...lacking });
  }
  throw error;
}

/** Runs the resolver of a root field, if the caller may. */
function guarded(field: RootField, context: AnnalsContext, run: () => unknown): unknown {
  try {
    admit(field, context);
    const result = run();
    return result instanceof Promise ? result.catch((error: unknown) => refuse(field, context, error)) : result;
  } catch (error) {
    return refuse(field, context, error);
  }
}

/** Puts the check before every root field of the schema, and returns it. Introspection stays open. */
export function guardRoots(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values<RootField>(type?.getFields() ?? {})) {
      const { resolve } = field;
      if (resolve === undefined) throw new TypeError(`${type?.name}.${field.name} has no resolver.`);
      field.resolve = (root, args, context, info) => guarded(field, context, () => resolve(root, args, context, info));
    }
  }
  for (const field of Object.values<RootField>(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { subscribe } = field;
    if (subscribe === undefined) throw new TypeError(`Subscription.${field.name} has no source.`);
    field.subscribe = (root, args, context, info) =>
      guarded(field, context, () => subscribe(root, args, context, info));
  }
  return schema;
}
