/** The composition root: opens every room in order and hands each what it needs. Tests open the same app. */
import type { createSecretKey } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import manifest from '../package.json' with { type: 'json' };
import {
  type Access,
  type Client,
  openAccess,
  watchedAuthenticate,
  watchedLive,
  watchedQuery,
} from './access/access.ts';
import { type Administration, openAdministration } from './administration/administration.ts';
import { openDatabase, sharedKeys, statementWatch, storeOptions, watchStore } from './app/database.ts';
import { type Auth, openAuth, openTokenUses, type Principal, type TokenUses } from './auth/auth.ts';
import { type Catalogue, openCatalogue } from './catalogue/catalogue.ts';
import { openActionNumbers } from './catalogue/numbers.ts';
import type { Config } from './config.ts';
import { writeDemoFile } from './demo/file.ts';
import { type Demo, openDemo, startTicker } from './demo/fill.ts';
import type { FaultReport } from './errors.ts';
import { compiledExecution } from './graphql/compiled.ts';
import type { AnnalsContext, Services } from './graphql/context.ts';
import { toGraphQLError } from './graphql/errors.ts';
import { examples } from './graphql/examples.ts';
import { onlyInTime } from './graphql/inTime.ts';
import { limitedParse } from './graphql/limits.ts';
import { createLoaders } from './graphql/loaders.ts';
import { schema } from './graphql/schema.ts';
import { readStoredFilter } from './graphql/storedFilter.ts';
import { type Http, type HttpDeps, type HttpOptions, type Logger, openHttp } from './http/http.ts';
import { type Limits, type LimitsOptions, openLimits } from './limits/limits.ts';
import { openLive, type Renewals } from './live/live.ts';
import { type Followers, type Log, openFollowers, openLog, openSearchIndex, openUpkeep } from './log/log.ts';
import { openCursors } from './model/cursor.ts';
import type { Seal } from './model/seal.ts';
import { pooledRandom, type RandomSource, uuidV7 } from './model/uuid.ts';
import { openQuery, openStatisticsFollower, type TurnLimits } from './query/query.ts';
import { backup, raiseEmbedded, raiseGenerations, restore } from './store/backup.ts';
import { openStore, type Store } from './store/store.ts';
import {
  type Faults,
  type Metrics,
  openFaults,
  openMetrics,
  openTracing,
  type Tracing,
  watchProcess,
} from './telemetry/telemetry.ts';
import { openExplanations, openPreviews, openVisibility } from './visibility/visibility.ts';

export type { Config } from './config.ts';
export type { Demo } from './demo/fill.ts';

/** For the commands that work on the database itself; they open no app. */
export const database = { backup, restore, raiseEmbedded, raiseGenerations };
export const { version } = manifest;

/** Structured lines on stderr; stdout belongs to what a person reads. */
export function openLogger(config: Config): Logger {
  return pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
}

/** What tests replace; everything else is as in production. */
export interface Overrides {
  readonly now?: () => number;
  readonly random?: RandomSource;
  readonly log?: Logger;
  /**
   * Works beside the server that keeps the embedded database, instead of being refused with EMBEDDED_IN_USE; for commands
   * that do one thing and end.
   */
  readonly beside?: boolean;
}

export interface App extends AsyncDisposable {
  readonly schema: GraphQLSchema;
  readonly store: Store;
  readonly services: Services;
  readonly auth: Auth;
  readonly administration: Administration;
  readonly limits: Limits;
  /** They start when the server listens. */
  readonly followers: Followers;
  readonly embedded: boolean;
  createContext(
    principal: Principal | null,
    requestId: string,
    locale: string,
    client?: Client,
    renewals?: Renewals | null,
  ): AnnalsContext;
  /** Starts to serve; dispose the result, or the app, to stop. */
  listen(): Promise<Http>;
  /** The demo organization, filled; null where there is none: outside databases, DEMO=off, or real organizations. */
  openDemo(): Promise<Demo | null>;
  /** Publishes where the demo is served, and adds an entry about every second. */
  runDemo(demo: Demo, url: string): Promise<Disposable>;
}

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** What records, and what follows what was recorded. */
function openRecording(config: Config, store: Store, catalogue: Catalogue, deps: DomainDeps) {
  const { actions, random, metrics, tracing, fault, keySecret } = deps;
  const searchIndex = openSearchIndex({ store, fault: fault, say: (line) => deps.logger.info({}, line) });
  const followers = openFollowers(
    { store, fault, metrics },
    config.statisticsRollUps === 'on' ? [openStatisticsFollower()] : [],
  );
  const onRecorded = (organization: number, count: number) => {
    followers.wake(organization);
    searchIndex.recorded(organization, count);
  };
  const logAt = (clock: () => number): Log =>
    openLog(
      {
        store,
        catalogue,
        actionNumber: actions.number,
        now: clock,
        random,
        metrics,
        tracing,
        fault,
        keySecret,
        onRecorded,
      },
      {
        entryBytes: config.entryBytes,
        futureSeconds: config.futureSeconds,
        queueEntries: config.appendQueueEntries,
        bufferEntries: config.liveBufferEntries,
        closeEveryMs: config.liveHeartbeatSeconds * 1000,
      },
    );
  return { searchIndex, followers, logAt };
}

/** Whatever is set, one connection is left to everything else. */
const statisticsTurns = ({ statisticsAtOnce, statisticsWaiting, databaseConnections }: Config): TurnLimits => ({
  atOnce: Math.min(statisticsAtOnce ?? Math.floor(databaseConnections / 2), databaseConnections - 1),
  waiting: statisticsWaiting,
});

function openDomain(config: Config, store: Store, catalogue: Catalogue, deps: DomainDeps) {
  const { actions, now, random, metrics } = deps;
  const actionNumber = actions.number;
  const auth = openAuth({ store, now, fault: deps.fault }, config);
  const visibility = openVisibility({ store, catalogue, actionNumber });
  const cursors = openCursors(deps.cursorKeys);
  const { searchIndex, followers, logAt } = openRecording(config, store, catalogue, deps);
  const query = openQuery(
    {
      store,
      catalogue,
      actionNumber,
      actionKey: actions.key,
      visibility,
      cursors,
      metrics,
      now,
      onTextsMissing: searchIndex.look,
    },
    { ...config, statisticsTurns: statisticsTurns(config) },
  );
  const log = logAt(now);
  const live = openLive({ store, log, query, auth, now, metrics });
  const { fault, keySecret: secret, logger, seal } = deps;
  const access = openAccess(
    { store, append: log.append, actionNumber, now, random, fault, metrics, secret, log: logger },
    config,
  );
  const explanations = openExplanations({ store, visibility, catalogue, actionNumber, now });
  const previews = openPreviews({ store, visibility, onPreview: notePreview(access) });
  const limits = openLimits(
    { store, append: log.append, now, fault, metrics, server: uuidV7(now(), random) },
    limitsOptions(config),
  );
  const language = { read: readStoredFilter, check: query.checkFilter };
  const administration = openAdministration({ store, auth, catalogue, now, random, seal, language, recording: access });
  const services: Services = {
    catalogue,
    log,
    limits,
    query: watchedQuery(query, access),
    live: watchedLive(live, access),
    visibility,
    explanations,
    previews,
    names: store,
    actions,
    access,
    administration: administration.management,
  };
  const uses = openTokenUses({ store, now, fault });
  return { auth, log, live, access, administration, searchIndex, services, followers, limits, uses, logAt };
}

const limitsOptions = (config: Config): LimitsOptions => ({
  token: {
    requestsPerSecond: config.tokenRequestsPerSecond,
    entriesPerSecond: config.tokenEntriesPerSecond,
    entriesPerDay: config.tokenEntriesPerDay,
  },
  organization: {
    requestsPerSecond: config.organizationRequestsPerSecond,
    entriesPerSecond: config.organizationEntriesPerSecond,
    entriesPerDay: config.organizationEntriesPerDay,
  },
  rateBurstSeconds: config.rateBurstSeconds,
});

/** What is read through a member’s eyes is the access of who looks, and recorded before it is answered. */
function notePreview(access: Access): Parameters<typeof openPreviews>[0]['onPreview'] {
  return async (principal, eyes) => {
    access.actFor(eyes, principal);
    const affectedUser = { id: eyes.member?.externalId ?? null, name: eyes.name };
    await access.note(principal, 'PREVIEW', { operation: 'asMember', affectedUser });
  };
}

interface DomainDeps {
  readonly actions: Services['actions'];
  readonly now: () => number;
  readonly random: RandomSource;
  readonly fault: FaultReport;
  readonly metrics: Metrics;
  readonly tracing: Tracing | null;
  readonly cursorKeys: Awaited<ReturnType<Store['serverKeys']>>;
  readonly keySecret: ReturnType<typeof createSecretKey>;
  readonly seal: Seal;
  readonly logger: Logger;
}

/** Loads what tracing needs, where it is switched on. */
async function tracingOf(config: Config, fault: FaultReport): Promise<Tracing | null> {
  const { traceEndpoint: endpoint, traceHeaders, traceRatio } = config;
  return endpoint === null
    ? null
    : openTracing({ endpoint, headers: traceHeaders ?? {}, ratio: traceRatio, version, fault });
}

/** Answering is not enough: a database that is full, or a standby, reads and does not record. */
async function readiness(store: Store, { failing }: Faults): ReturnType<HttpDeps['ready']> {
  const answers = await store.ping().then(
    () => true,
    () => false,
  );
  const records = answers && !failing.has('append');
  const check = (name: string, ok: boolean, cure: string) => ({ name, ok, ...(ok ? {} : { cure }) });
  return {
    ok: answers && records,
    checks: [
      check('database', answers, 'Start the database; the server recovers by itself.'),
      check(
        'recording',
        records,
        'Make room for the database, or let it write; the next entry that is recorded clears this.',
      ),
    ],
  };
}

function tlsFiles({ tlsCertificateFile: certificate, tlsKeyFile: key }: Config): HttpOptions['tls'] {
  return certificate === null || key === null ? null : { certificate, key };
}

function httpOptions(config: Config): HttpOptions {
  return {
    ...config,
    nextFreePort: config.databaseUrl === null,
    tls: tlsFiles(config),
    examples: examples.map(({ document, variables }) => ({
      query: document,
      ...(variables === undefined ? {} : { variables: JSON.stringify(variables, null, 2) }),
    })),
  };
}

/** The same credentials; what came with one that is good is a use of it. */
function noting(authenticate: HttpDeps['authenticate'], uses: TokenUses): HttpDeps['authenticate'] {
  return async (token, client) => {
    const principal = await authenticate(token, client);
    uses.note(principal, client.ip);
    return principal;
  };
}

/** Opens the database, migrates it, and opens every room on it. What fails half-way is closed again. */
export async function openApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const { now = Date.now, random = pooledRandom(), log: logger = quiet, beside = false } = overrides;
  const catalogue = openCatalogue({ files: config.catalogueFiles });
  const metrics = openMetrics();
  const faults = openFaults(logger, metrics);
  await using undo = new AsyncDisposableStack();
  undo.use(watchProcess(metrics));
  const tracing = await tracingOf(config, faults.report);
  if (tracing !== null) undo.use(tracing);
  const url = await openDatabase(config, (line) => logger.info({}, line), beside, undo);
  const store = undo.use(openStore({ url, ...storeOptions(config), onStatement: statementWatch(metrics, tracing) }));
  metrics.set('annals_info', 1, { version });
  watchStore(metrics, store);
  const actions = await openActionNumbers(store, catalogue);
  const domain = openDomain(config, store, catalogue, {
    actions,
    now,
    random,
    fault: faults.report,
    metrics,
    tracing,
    logger,
    ...(await sharedKeys(store, random)),
  });
  const { followers, searchIndex, log, live } = domain;
  for (const room of [followers, searchIndex, log, domain.access, live]) undo.use(room);
  const { services, auth, administration } = domain;

  const createContext: App['createContext'] = (principal, requestId, locale, client, renewals = null) => {
    if (principal !== null) {
      services.access.introduce(principal, { ip: null, userAgent: null, ...client, request: requestId });
    }
    return { principal, services, loaders: createLoaders(services, principal), renewals, requestId, locale };
  };
  const embedded = config.databaseUrl === null;
  const httpDeps: HttpDeps = {
    schema,
    authenticate: noting(watchedAuthenticate(auth, services.access), domain.uses),
    admit: domain.limits.admit,
    createContext,
    ready: () => readiness(store, faults),
    endStreams: () => live.end(),
    log: logger,
    metrics,
    tracing,
    fault: faults.report,
    formatError: (error, requestId) => toGraphQLError(error, requestId, logger),
    parse: limitedParse(config),
    plugins: [compiledExecution(), onlyInTime()],
  };
  const owned = undo.move();

  return {
    schema,
    store,
    services,
    auth,
    administration,
    limits: domain.limits,
    followers,
    embedded,
    createContext,
    async listen() {
      followers.start();
      owned.use(administration.due.start((error) => faults.report('pending changes', error)));
      owned.use(openUpkeep({ store, now, fault: faults.report }, config));
      for (const behind of [domain.uses, domain.limits]) owned.use(behind.start());
      searchIndex.catchUp();
      return owned.use(await openHttp(httpDeps, httpOptions(config)));
    },
    async openDemo() {
      if (!embedded || config.demo === 'off') return null;
      const appendAt: Parameters<typeof openDemo>[0]['appendAt'] = async (time, to, entries) => {
        clock = time;
        return past.append(to, entries);
      };
      let clock = now();
      await using past = domain.logAt(() => clock);
      return await openDemo(
        { administration, appendAt, now, log: (line) => logger.info({}, line) },
        config.dataDirectory,
      );
    },
    async runDemo({ organization, principals }, address) {
      await writeDemoFile(config.dataDirectory, { url: address, principals });
      return owned.use(startTicker((entry) => services.log.append(organization, [entry]), now));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
