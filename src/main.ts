import { runCli } from './cli/cli.ts';

const status = await runCli(process.argv.slice(2));
// Everything is closed by now. Without this the process would linger for up to ten seconds after a migration: the
// schema engine sets a timer for its lock and never clears it.
process.stdout.write('', () => process.stderr.write('', () => process.exit(status)));
