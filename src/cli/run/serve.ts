import { once } from 'node:events';
import { join } from 'node:path';
import { type Demo, openApp, openLogger } from '../../app.ts';
import { errorInfo } from '../../errors.ts';
import type { CommandInput } from '../command.ts';

/** How long stopping may take, in milliseconds. */
const stopMs = 20_000;

const examples = 'Open GraphiQL, paste a credential into its Headers pane, and pick an example:';

function demoBanner(url: string, demo: Demo, demoFile: string): string {
  const width = Math.max(...demo.principals.map(({ role }) => role.length));
  const nameWidth = Math.max(...demo.principals.map(({ name }) => name.length));
  const rows = demo.principals.map(
    ({ role, name, token }) =>
      `  ${role.padEnd(width)}  ${name.padEnd(nameWidth)}  {"authorization": "Bearer ${token}"}`,
  );
  return [
    '',
    `Annals serves the demo organization “${demo.organization.name}”.`,
    '',
    examples,
    '',
    `  ${url}`,
    '',
    ...rows,
    '',
    `The same stands in ${demoFile}. A new entry arrives about every second.`,
    'For real use: set DATABASE_URL to your PostgreSQL, run `npx annals organization create NAME`, start again,',
    'and send entries with recordLogs or `npx annals import`. The demo never touches such a database.',
    '',
  ].join('\n');
}

function plainBanner(url: string, embedded: boolean): string {
  return [
    '',
    'Annals is running. GraphiQL:',
    '',
    `  ${url}`,
    '',
    embedded
      ? 'No demo: this embedded database holds organizations of its own, or DEMO is off.'
      : 'Create an organization with `npx annals organization create NAME`; it prints the first owner’s token.',
    '',
  ].join('\n');
}

/** Resolves with the signal that asks the server to stop. */
async function askedToStop(): Promise<string> {
  const control = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const first = await Promise.race(
    signals.map(async (name) => {
      await once(process, name, { signal: control.signal });
      return name;
    }),
  );
  control.abort();
  return first;
}

export async function runServe({ config }: CommandInput): Promise<number> {
  const logger = openLogger(config);
  const stop = askedToStop();
  await using app = await openApp(config, { log: logger });
  const demo = await app.openDemo();
  const http = await app.listen();
  const address = http.url;
  // Without TLS a terminal that closes still ends the server.
  if (config.tlsCertificateFile !== null) process.on('SIGHUP', () => void http.reloadCertificate());
  if (demo !== null) await app.runDemo(demo, address);
  const banner =
    demo === null
      ? plainBanner(address, app.embedded)
      : demoBanner(address, demo, join(config.dataDirectory, 'demo.json'));
  process.stdout.write(`${banner}\n`);
  const signal = await stop;
  logger.info({ signal }, 'stopping');
  // Whatever still hangs then, such as a database that does not answer, must not keep the process.
  setTimeout(() => process.exit(errorInfo('SERVER_STOPPING').exit), stopMs).unref();
  return 0;
}
