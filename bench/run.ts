/** `npm run bench [-- NAME…] [-- --quick]`: runs the named benchmarks, or all but those on demand. Prints ratios; never fails on one. */
import { parseArgs } from 'node:util';
import { benchAccess } from './access.ts';
import { benchAppend } from './append.ts';
import { benchFilter } from './filter.ts';
import { benchLive } from './live.ts';
import { benchPeers } from './peers.ts';
import { benchRead } from './read.ts';
import { benchRls } from './rls.ts';
import { benchScale } from './scale.ts';
import { benchStatistics } from './statistics.ts';
import { type BenchPostgres, startPostgres } from './support/postgres.ts';
import { benchVisibility } from './visibility.ts';

const benches: Readonly<Record<string, (postgres: BenchPostgres, quick: boolean) => Promise<void>>> = {
  append: benchAppend,
  read: benchRead,
  peers: benchPeers,
  statistics: benchStatistics,
  live: benchLive,
  access: benchAccess,
  visibility: benchVisibility,
  rls: benchRls,
  filter: benchFilter,
  scale: benchScale,
};
/** Those that take too long to be run with all. */
const onDemand: ReadonlySet<string> = new Set(['scale']);

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
const names = positionals.length === 0 ? Object.keys(benches).filter((name) => !onDemand.has(name)) : positionals;
const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. Use: ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
await using postgres = await startPostgres();
for (const name of names) await benches[name]?.(postgres, values.quick === true);
