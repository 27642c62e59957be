/** The same server with the same schema, but `recordLogs` records nothing and answers at once. */
import { once } from 'node:events';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';

await using app = await openApp(readConfig());
const field = app.schema.getMutationType()?.getFields().recordLogs;
if (field?.resolve === undefined) throw new TypeError('the schema has no recordLogs');
const result = { id: '01890000-0000-7000-8000-000000000000', status: 'CREATED', error: null };
field.resolve = (_root, { input }: { input: { entries: readonly unknown[] } }) => ({
  results: input.entries.map(() => result),
});
const http = await app.listen();
process.stdout.write(`${http.url}\n`);
await once(process, 'SIGTERM');
