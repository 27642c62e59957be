import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  isDriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** What is used of the standard WebAssembly API, which TypeScript describes among the browser’s types only. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

/**
 * Instantiates the engine by hand: the package’s own entry imports the .wasm file as a module, which Node still calls
 * experimental. The package keeps the one instance in its own module, so it is made where this module is loaded.
 */
const wasmFile = join(
  dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm')),
  'schema_engine_bg.wasm',
);
const { instance } = await WebAssembly.instantiate(await readFile(wasmFile), {
  './schema_engine_bg.js': { ...bindings },
});
bindings.__wbg_set_wasm(instance.exports);
if (typeof instance.exports.__wbindgen_start === 'function') instance.exports.__wbindgen_start();

/** PostgreSQL’s internal one-byte type "char", which the catalogue tables use, and text. */
const oid = { char: 18, text: 25 } as const;

export interface EngineOptions {
  /** schema.prisma; needed only to compare with it. */
  readonly schema?: { readonly path: string; readonly content: string };
  /** Gets PostgreSQL’s own words when a migration fails; the engine rephrases some and says less. */
  readonly onScriptError?: (message: string) => void;
}

/** Opens Prisma’s schema engine, compiled to WASM, on one database for as long as `use` takes. */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  options: EngineOptions,
  use: (engine: bindings.SchemaEngine) => Promise<T>,
): Promise<T> {
  // An Annals that is killed in the middle of a migration takes it back, instead of having it committed unrecorded. The
  // engine reads times in ISO’s form alone, whatever the database’s own style is.
  const session = '-c statement_timeout=0 -c client_connection_check_interval=500 -c DateStyle=ISO -c TimeZone=UTC';
  const pool = new pg.Pool({ options: session, connectionString: databaseUrl, max: 2 });
  const adapter = bindMigrationAwareSqlAdapterFactory(engineAdapter(pool, options.onScriptError ?? (() => {})));
  const datamodels: [string, string][] | undefined =
    options.schema === undefined ? undefined : [[options.schema.path, options.schema.content]];
  try {
    const engine = await bindings.SchemaEngine.new({ datamodels }, () => {}, adapter);
    try {
      return await use(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

/** @prisma/adapter-pg with the two repairs that the schema engine needs. */
function engineAdapter(pool: pg.Pool, onScriptError: (message: string) => void): SqlMigrationAwareDriverAdapterFactory {
  const charColumns = new Set<string>();
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    // The adapter refuses the type "char". It gets the same letters as text, and `repaired` tells the engine the truth.
    client.connection.prependListener('rowDescription', ({ fields }: RowDescription) => {
      for (const field of fields.filter(({ dataTypeID }) => dataTypeID === oid.char)) {
        field.dataTypeID = oid.text;
        charColumns.add(field.name);
      }
    });
  });
  const factory = new PrismaPg(pool);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => repaired(await factory.connect(), charColumns, onScriptError),
    connectToShadowDb: async () => repaired(await factory.connectToShadowDb(), charColumns, onScriptError),
  };
}

/** PostgreSQL’s message that precedes rows, as node-postgres reads it. */
interface RowDescription {
  readonly fields: { readonly name: string; dataTypeID: number }[];
}

function repaired(
  adapter: SqlDriverAdapter,
  charColumns: ReadonlySet<string>,
  onScriptError: (message: string) => void,
): SqlDriverAdapter {
  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    async queryRaw(query) {
      const result = await adapter.queryRaw(query);
      const columnTypes = result.columnTypes.map((type, index) =>
        charColumns.has(result.columnNames[index] ?? '') ? ColumnTypeEnum.Character : type,
      );
      return { ...result, columnTypes };
    },
    executeRaw: (query) => adapter.executeRaw(query),
    startTransaction: (isolationLevel) => adapter.startTransaction(isolationLevel),
    getConnectionInfo: () => adapter.getConnectionInfo?.() ?? { supportsRelationJoins: true },
    dispose: () => adapter.dispose(),
    // The adapter splits a script at every semicolon, which cuts function bodies apart. Without arguments node-postgres
    // sends a text as one simple query, which PostgreSQL splits itself, and runs in one transaction.
    async executeScript(script) {
      try {
        await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
      } catch (error) {
        if (isDriverAdapterError(error)) onScriptError(error.cause.originalMessage ?? error.message);
        throw error;
      }
    },
  };
}
