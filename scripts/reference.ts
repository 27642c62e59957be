/** Renders the reference documents from the tables in the code: `npm run docs` writes them, a test compares them. */
import { writeFileSync } from 'node:fs';
import { commands } from '../src/cli/cli.ts';
import type { Command } from '../src/cli/command.ts';
import { fieldNames } from '../src/cli/fields.ts';
import { optionForm, settingsOf, usageLine } from '../src/cli/help.ts';
import { describeSettings } from '../src/config.ts';
import { type ErrorInfo, errorTable } from '../src/errors.ts';
import { type MetricInfo, metricTable } from '../src/telemetry/telemetry.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

export function configurationPage(): string {
  const rows = describeSettings().map((one) => [`\`${one.name}\``, one.type, one.default, one.doc]);
  return `# Configuration

Every setting is an environment variable. An empty value is the same as none. All mistakes are reported at once, and the
server does not start with any. This page is generated from \`src/config.ts\` by \`npm run docs\`; \`npx annals --help\`
prints the same table.

${table(['variable', 'form', 'default', 'what it does'], rows)}
`;
}

export function errorsPage(): string {
  const rows = Object.entries<ErrorInfo>(errorTable).map(([code, { message, cure, http, ws, exit }]) => [
    `\`${code}\``,
    message,
    cure,
    String(http),
    ws === undefined ? '' : String(ws),
    String(exit),
  ]);
  return `# Errors

An error has a code, a message that says what was wrong, and a cure that says what would be right. In GraphQL they stand
in \`errors[].message\` and \`errors[].extensions\` (\`code\`, \`cure\`, \`requestId\`, and where they apply \`path\`, the input
field, and \`retryAfterMs\`); rows of \`recordLogs\` carry them in \`results[].error\`; the command line prints them on
stderr. The message here is the general one; the error itself names the particulars.

*HTTP* is the status of a response that consists of this error alone, *WebSocket* the code with which it closes a socket,
*exit* the exit status of the command line. Anything unforeseen is \`INTERNAL\`: the reason stays in the server’s log under
the request id. This page is generated from \`src/errors.ts\` by \`npm run docs\`.

${table(['code', 'message', 'cure', 'HTTP', 'WebSocket', 'exit'], rows)}
`;
}

export function metricsPage(): string {
  const rows = Object.entries<MetricInfo>(metricTable).map(([name, { type, help, labels = {}, buckets }]) => [
    `\`${name}\``,
    type,
    help,
    Object.entries(labels)
      .map(([label, values]) => `\`${label}\`: ${values}`)
      .join('; '),
    buckets === undefined ? '' : buckets.join(', '),
  ]);
  return `# Metrics

\`/metrics\` answers in Prometheus’ text format. Each server counts for itself, from its start; add them up with \`sum\`.

Numbers over all organizations are the operator’s. A token of the API does not open them:

- With \`METRICS_TOKEN\` set, a reader sends it as \`Authorization: Bearer <token>\` (in Prometheus: \`authorization\` with
  \`credentials_file\`).
- Without it, \`/metrics\` answers programs on the same machine alone. A request that carries the traces of a proxy
  (\`Forwarded\`, \`X-Forwarded-For\` and the like) is refused. A proxy on the same machine that leaves no such trace looks
  like a program on it: set the token, or do not pass \`/metrics\` on.
- \`METRICS=off\` switches it off.

Labels take values that the code knows: fields of the schema, transports, error codes, kinds of work. No id, name or address
is ever among them, so the number of time series is bounded by the version of Annals, not by its use.

[ops/alerts.yml](../ops/alerts.yml) holds alert rules for these metrics, each with its cure, and
[ops/grafana-dashboard.json](../ops/grafana-dashboard.json) a dashboard to import into Grafana. This page is generated from
\`src/telemetry/table.ts\` by \`npm run docs\`.

${table(['metric', 'type', 'what it is', 'labels', 'buckets'], rows)}
`;
}

function environmentOf(command: Command): string {
  if (command.environment === 'all') return 'Reads all settings: [configuration.md](configuration.md).';
  const names = settingsOf(command).map(({ name }) => `\`${name}\``);
  return names.length === 0 ? '' : `Reads ${names.join(', ')}.`;
}

function commandSection(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => [
    `\`${optionForm(name, option)}\``,
    option.doc,
  ]);
  const parts = [
    `## annals ${command.name}`,
    command.summary,
    `\`\`\`\n${usageLine(command)}\n\`\`\``,
    ...(command.details ?? []),
    ...(options.length === 0 ? [] : [table(['option', 'what it does'], options)]),
    environmentOf(command),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export function cliPage(): string {
  const fields = fieldNames.map((name) => `\`${name}\``).join(', ');
  return `# The command line

\`npx annals COMMAND\` in the checkout, or \`npm run annals -- COMMAND\`. \`annals --help\` lists the commands and every setting,
\`annals COMMAND --help\` all that one takes. This page is generated from \`src/cli\` by \`npm run docs\`.

Commands that talk to a running server find it by \`ANNALS_URL\` and \`ANNALS_TOKEN\`; without both they talk to the demo, with
the token of a role that suits the command. They are callers like any other: what a token may not do or see, its command cannot
do or show.

Results go to standard output and everything else to standard error: with \`--json\`, one object a line. A command whose reader
has enough, such as \`head\`, ends quietly. Text from entries cannot steer the terminal: control characters are shown as escapes.

An error names its code, what was wrong and what would be right. The exit status is 0 for success, 1 for something unforeseen, 2
for what the caller can correct, 3 for what the caller may not do, and 4 for what may pass by itself;
[errors.md](errors.md) has that of each error.

Fields (\`--fields\`): ${fields}.

${commands.map(commandSection).join('\n\n')}
`;
}

export const referencePages = {
  'docs/cli.md': cliPage,
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'docs/metrics.md': metricsPage,
} as const satisfies Record<string, () => string>;

if (import.meta.main) {
  for (const [path, page] of Object.entries(referencePages))
    writeFileSync(new URL(`../${path}`, import.meta.url), page());
}
