/**
 * The settings of Annals: one table, one frozen result. The only reader of the process environment.
 * `annals --help` and docs/configuration.md are rendered from the same table.
 */
import { resolve } from 'node:path';
import { limitSettings } from './config/limits.ts';
import {
  anyPath,
  anyText,
  headerList,
  httpUrl,
  isHost,
  isNetwork,
  isOrigin,
  list,
  Mistake,
  oneOf,
  optional,
  type Parse,
  postgresUrl,
  ratio,
  secretText,
  wholeNumber,
} from './config/parsers.ts';
import { AnnalsError } from './errors.ts';

interface Setting<T> {
  readonly type: string;
  readonly doc: string;
  readonly parse: Parse<T>;
  /** Used when the setting is absent or empty. */
  readonly fallback: T;
  /** How the default reads in documents, where it is not the value itself. */
  readonly shownDefault?: string;
  readonly secret?: true;
}

const number = (fallback: number, min: number, max: number, doc: string): Setting<number> => ({
  type: `number, ${min} to ${max}`,
  parse: wholeNumber(min, max),
  fallback,
  doc,
});

export const settings = {
  host: {
    name: 'HOST',
    type: 'address',
    parse: anyText,
    fallback: '127.0.0.1',
    doc: 'The address to listen on. Anything but loopback should stand behind TLS.',
  },
  port: {
    name: 'PORT',
    ...number(
      4000,
      0,
      65_535,
      'The port to listen on. On the embedded database the next free one is taken when this one is not free; 0 takes any.',
    ),
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    ...optional('postgresql:// address', postgresUrl, 'the embedded PostgreSQL'),
    secret: true,
    doc: 'A PostgreSQL 15 or later to use instead of the embedded one, with the server’s role.',
  },
  migrationDatabaseUrl: {
    name: 'MIGRATION_DATABASE_URL',
    ...optional('postgresql:// address', postgresUrl, 'DATABASE_URL'),
    secret: true,
    doc: 'The same database with the role that owns the schema; it migrates and makes partitions.',
  },
  databasePooler: {
    name: 'DATABASE_POOLER',
    type: 'none or transaction',
    parse: oneOf('none', 'transaction'),
    fallback: 'none' as 'none' | 'transaction',
    doc: 'What DATABASE_URL leads to: the database itself, or a pooler in transaction mode such as pgbouncer. That needs MIGRATION_DATABASE_URL, which goes past it.',
  },
  databaseListenUrl: {
    name: 'DATABASE_LISTEN_URL',
    ...optional('postgresql:// address', postgresUrl, 'DATABASE_URL; with a pooler none'),
    secret: true,
    doc: 'The same database past the pooler, for one connection that listens for notifications. Without one, what other servers record reaches live streams after up to a second.',
  },
  dataDirectory: {
    name: 'DATA_DIRECTORY',
    type: 'path',
    parse: (text: string) => resolve(text),
    fallback: resolve(import.meta.dirname, '../data'),
    shownDefault: '`data` in the checkout',
    doc: 'Where the embedded database and demo.json live.',
  },
  demo: {
    name: 'DEMO',
    type: 'on or off',
    parse: oneOf('on', 'off'),
    fallback: 'on' as 'on' | 'off',
    doc: 'Whether an empty embedded database is filled with the demo organization. Never with DATABASE_URL.',
  },
  catalogueFiles: {
    name: 'CATALOGUE_FILES',
    type: 'paths, separated by commas',
    parse: list(() => true, 'paths separated by commas'),
    fallback: [] as readonly string[],
    shownDefault: 'none',
    doc: 'Catalogues of your own, as described in docs/catalogues.md. A mistake in one refuses the start.',
  },
  databaseConnections: {
    name: 'DATABASE_CONNECTIONS',
    ...number(10, 2, 200, 'Connections to the database for reading and appending.'),
  },
  statementTimeoutMs: {
    name: 'STATEMENT_TIMEOUT_MS',
    ...number(15_000, 100, 600_000, 'Milliseconds after which a statement ends with STATEMENT_TIMEOUT.'),
  },
  allowedOrigins: {
    name: 'ALLOWED_ORIGINS',
    type: 'origins, separated by commas',
    parse: list(isOrigin, 'origins such as https://dashboard.example, separated by commas'),
    fallback: [] as readonly string[],
    shownDefault: 'none',
    doc: 'Web origins, besides the server’s own, whose pages may call the API and open WebSockets.',
  },
  bodyBytes: {
    name: 'BODY_BYTES',
    ...number(
      262_144,
      1024,
      67_108_864,
      'Largest request body of a caller that may neither record nor manage members.',
    ),
  },
  recordBodyBytes: {
    name: 'RECORD_BODY_BYTES',
    ...number(8_388_608, 1024, 268_435_456, 'Largest request body of a caller that may record or manage members.'),
  },
  entryBytes: {
    name: 'ENTRY_BYTES',
    ...number(65_536, 1024, 1_048_576, 'Largest entry, measured as its JSON text in UTF-8.'),
  },
  futureSeconds: { name: 'FUTURE_SECONDS', ...number(300, 0, 86_400, 'How far in the future occurredAt may lie.') },
  appendQueueEntries: {
    name: 'APPEND_QUEUE_ENTRIES',
    ...number(
      20_000,
      1000,
      1_000_000,
      'Entries of one organization that may wait to be appended; beyond, callers get OVERLOADED.',
    ),
  },
  ...limitSettings,
  idempotencyDays: {
    name: 'IDEMPOTENCY_DAYS',
    ...number(400, 1, 3650, 'Days for which an idempotency key is remembered.'),
  },
  queryDepth: { name: 'QUERY_DEPTH', ...number(12, 1, 100, 'Deepest nesting of fields in an operation.') },
  queryAliases: { name: 'QUERY_ALIASES', ...number(30, 0, 1000, 'Most aliases in an operation.') },
  queryTokens: { name: 'QUERY_TOKENS', ...number(5000, 100, 100_000, 'Most lexical tokens in a document.') },
  filterNodes: {
    name: 'FILTER_NODES',
    ...number(200, 1, 10_000, 'Most conditions in one filter, counted through and, or and not.'),
  },
  filterDepth: { name: 'FILTER_DEPTH', ...number(20, 0, 100, 'Deepest nesting of and, or and not in a filter.') },
  filterValues: {
    name: 'FILTER_VALUES',
    ...number(5000, 1, 100_000, 'Most values in one filter, all lists together.'),
  },
  statisticsPoints: {
    name: 'STATISTICS_POINTS',
    ...number(
      50_000,
      100,
      1_000_000,
      'Most points in one answer of statistics: each bucket of time once for everything, and once for each group.',
    ),
  },
  statisticsAtOnce: {
    name: 'STATISTICS_AT_ONCE',
    ...optional('number, 1 to 199', wholeNumber(1, 199), 'half of DATABASE_CONNECTIONS'),
    doc: 'Statistics that this server lets run at once, of all organizations; one connection to the database is always left to everything else.',
  },
  statisticsWaiting: {
    name: 'STATISTICS_WAITING',
    ...number(
      100,
      0,
      10_000,
      'Statistics of one organization that may wait for their turn; beyond, callers get OVERLOADED.',
    ),
  },
  statisticsRollUps: {
    name: 'STATISTICS_ROLL_UPS',
    type: 'on or off',
    parse: oneOf('on', 'off'),
    fallback: 'on' as 'on' | 'off',
    doc: 'Whether this server counts entries ahead of time and answers statistics from that; off, each is counted from rows. The answers are the same.',
  },
  subscriptionsPerSocket: {
    name: 'SUBSCRIPTIONS_PER_SOCKET',
    ...number(100, 1, 10_000, 'Most subscriptions open on one WebSocket.'),
  },
  liveHeartbeatSeconds: {
    name: 'LIVE_HEARTBEAT_SECONDS',
    ...number(30, 1, 3600, 'A quiet live stream gets a fresh cursor at this interval.'),
  },
  liveBufferEntries: {
    name: 'LIVE_BUFFER_ENTRIES',
    ...number(
      10_000,
      100,
      1_000_000,
      'Newest entries of an organization kept in memory for its live streams; a slower stream reads from the database.',
    ),
  },
  accessLog: {
    name: 'ACCESS_LOG',
    type: 'closed, open or off',
    parse: oneOf('closed', 'open', 'off'),
    fallback: 'closed' as 'closed' | 'open' | 'off',
    doc: 'Who reads the log is recorded in it. closed: what cannot be recorded is refused with UNAVAILABLE; open: it is answered, and recorded later; off: nothing is recorded.',
  },
  accessWindowSeconds: {
    name: 'ACCESS_WINDOW_SECONDS',
    ...number(
      900,
      10,
      86_400,
      'In each such period the first access of a principal is an entry, and what follows is one more at its end.',
    ),
  },
  metrics: {
    name: 'METRICS',
    type: 'on or off',
    parse: oneOf('on', 'off'),
    fallback: 'on' as 'on' | 'off',
    doc: 'Whether /metrics answers. See docs/metrics.md.',
  },
  metricsToken: {
    name: 'METRICS_TOKEN',
    ...optional('at least 16 characters', secretText, 'none'),
    secret: true,
    doc: 'The bearer token that opens /metrics. Without one it answers programs on this machine alone, and not through a proxy.',
  },
  trustedProxies: {
    name: 'TRUSTED_PROXIES',
    type: 'addresses and networks, separated by commas',
    parse: list(isNetwork, 'addresses such as 127.0.0.1 or networks such as 10.0.0.0/8, separated by commas'),
    fallback: [] as readonly string[],
    shownDefault: 'none',
    doc: 'Proxies in front of Annals, whose word is taken for the client’s address, the scheme, the host and the request id. See docs/operations.md.',
  },
  proxyHeader: {
    name: 'PROXY_HEADER',
    type: 'x-forwarded-for or forwarded',
    parse: oneOf('x-forwarded-for', 'forwarded'),
    fallback: 'x-forwarded-for' as 'x-forwarded-for' | 'forwarded',
    doc: 'The one header by which those proxies name the client; the other is not read.',
  },
  tlsCertificateFile: {
    name: 'TLS_CERT_FILE',
    ...optional('path', anyPath, 'none: no TLS'),
    doc: 'The certificate with its chain, as PEM, to serve https and wss by. Read again when it changes, and at SIGHUP.',
  },
  tlsKeyFile: {
    name: 'TLS_KEY_FILE',
    ...optional('path', anyPath, 'none'),
    doc: 'The private key of TLS_CERT_FILE, as PEM.',
  },
  traceEndpoint: {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    ...optional('http(s) address', httpUrl, 'none: no traces'),
    doc: 'Where traces are sent: an OpenTelemetry receiver of OTLP over HTTP, such as http://127.0.0.1:4318.',
  },
  traceHeaders: {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    ...optional('name=value, separated by commas', headerList, 'none'),
    secret: true,
    doc: 'Headers for that receiver, such as an API key.',
  },
  traceRatio: {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    type: 'number, 0 to 1',
    parse: ratio,
    fallback: 1,
    doc: 'The part of all traces that is kept.',
  },
  jwksHosts: {
    name: 'JWKS_HOSTS',
    type: 'hosts, separated by commas',
    parse: list(isHost, 'hosts such as auth.example.com or auth.example.com:8443, separated by commas'),
    fallback: [] as readonly string[],
    shownDefault: 'none',
    doc: 'Hosts from which this server fetches the public keys of JWT issuers; an organization cannot make it call others.',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    type: 'level',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug'),
    fallback: 'info' as 'fatal' | 'error' | 'warn' | 'info' | 'debug',
    doc: 'Least severe line that the server logs: fatal, error, warn, info or debug.',
  },
  annalsUrl: {
    name: 'ANNALS_URL',
    ...optional('http(s) address', httpUrl, 'the demo’s, from data/demo.json'),
    doc: 'The running server that commands such as `annals import` talk to.',
  },
  annalsToken: {
    name: 'ANNALS_TOKEN',
    ...optional('token', anyText, 'the demo’s, from data/demo.json'),
    secret: true,
    doc: 'The token that those commands use.',
  },
  noColor: {
    name: 'NO_COLOR',
    type: 'any text',
    parse: anyText,
    fallback: null as string | null,
    shownDefault: 'none',
    doc: 'With any value, commands print no colours on a terminal unless `--color` says so.',
  },
} as const satisfies Record<string, Setting<unknown> & { readonly name: string }>;

type Settings = typeof settings;
type Widen<T> = T extends number ? number : T;
export type Config = {
  readonly [K in keyof Settings]: Widen<Exclude<ReturnType<Settings[K]['parse']>, Mistake> | Settings[K]['fallback']>;
};

/** Reads every setting from the environment; reports all mistakes at once as CONFIG_INVALID. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const mistakes: string[] = [];
  const values = Object.entries(settings).map(([key, setting]) => {
    const text = environment[setting.name];
    if (text === undefined || text === '') return [key, setting.fallback];
    const value: unknown = setting.parse(text);
    if (value instanceof Mistake) {
      const given = 'secret' in setting ? '' : `, not ${JSON.stringify(text)}`;
      mistakes.push(`${setting.name} must be ${value.expected}${given}`);
    }
    return [key, value];
  });
  const config = Object.freeze(Object.fromEntries(values)) as Config;
  if (config.migrationDatabaseUrl !== null && config.databaseUrl === null) {
    mistakes.push('MIGRATION_DATABASE_URL needs DATABASE_URL');
  }
  if (config.databasePooler !== 'none' && config.migrationDatabaseUrl === null) {
    mistakes.push('DATABASE_POOLER needs MIGRATION_DATABASE_URL, an address of the database itself');
  }
  if (config.databaseListenUrl !== null && config.databaseUrl === null) {
    mistakes.push('DATABASE_LISTEN_URL needs DATABASE_URL');
  }
  if ((config.tlsCertificateFile === null) !== (config.tlsKeyFile === null)) {
    mistakes.push('TLS_CERT_FILE and TLS_KEY_FILE go together');
  }
  if (mistakes.length > 0) throw new AnnalsError('CONFIG_INVALID', { message: `${mistakes.join('; ')}.` });
  return config;
}

/** One row per setting, for --help and docs/configuration.md. */
export function describeSettings(): readonly { name: string; type: string; default: string; doc: string }[] {
  return Object.values(settings).map((setting) => ({
    name: setting.name,
    type: setting.type,
    default: 'shownDefault' in setting ? setting.shownDefault : String(setting.fallback),
    doc: setting.doc,
  }));
}
