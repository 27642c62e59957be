/** Writes the schema as SDL to schema.graphql, from which typed operations are generated. Run by `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printSchema } from 'graphql';
import { schema } from './schema.ts';

writeFileSync(join(import.meta.dirname, '../../schema.graphql'), `${printSchema(schema)}\n`);
