import type { CodegenConfig } from '@graphql-codegen/cli';

const client = (
  documents: string,
  documentMode: 'documentNode' | 'string',
): NonNullable<CodegenConfig['generates'][string]> => ({
  preset: 'client',
  documents,
  presetConfig: { fragmentMasking: false, skipIndexFile: true },
  config: {
    documentMode,
    useTypeImports: true,
    enumType: 'string-literal',
    // Otherwise a list would also accept a single value.
    arrayInputCoercion: false,
    immutableTypes: true,
    scalars: {
      ID: 'string',
      BigInt: 'string',
      // A Date is written as RFC 3339 when the request becomes JSON.
      DateTime: { input: 'string | Date', output: 'string' },
      JSON: 'unknown',
    },
  },
});

/**
 * Typed operations for the command line and the tests, from schema.graphql: no server runs to generate them. The command
 * line sends their text and so need not load GraphQL.
 */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  importExtension: '.ts',
  silent: true,
  generates: {
    'src/cli/generated/': client('src/cli/**/*.graphql', 'string'),
    'test/generated/': client('test/**/*.graphql', 'documentNode'),
  },
};

export default config;
