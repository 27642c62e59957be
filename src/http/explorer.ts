/** GraphiQL, served from this process alone: every script, style and worker is an asset of ours, none is inline or foreign. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Example } from './options.ts';
import type { Exchange } from './reply.ts';

export interface Explorer {
  sendPage(exchange: Exchange): Promise<void>;
  /** Sends one of the page’s assets; false when the path names none. */
  sendAsset(exchange: Exchange): Promise<boolean>;
}

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** Compressed when first asked for. */
  gzipped?: Promise<Buffer>;
}

const folder = '/graphiql/';
const compress = promisify(gzip);

/** Monaco writes style elements and attributes, hence the inline styles; everything else is this origin’s or nothing. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function openExplorer(examples: readonly Example[]): Explorer {
  let loading: Promise<{ page: Asset; assets: ReadonlyMap<string, Asset> }> | undefined;
  const load = () => {
    loading ??= loadSite(examples);
    return loading;
  };
  return {
    async sendPage(exchange) {
      const { page } = await load();
      exchange.response.setHeader('content-security-policy', pagePolicy);
      await send(exchange, page);
    },
    async sendAsset(exchange) {
      if (!exchange.path.startsWith(folder)) return false;
      const asset = (await load()).assets.get(exchange.path);
      if (asset === undefined) return false;
      // The path carries a hash of the content.
      exchange.response.setHeader('cache-control', 'public, max-age=31536000, immutable');
      await send(exchange, asset);
      return true;
    },
  };
}

/** Read when first asked for: nine megabytes that a server nobody explores never holds. */
async function loadSite(examples: readonly Example[]) {
  const bundle = await import('@graphql-yoga/render-graphiql/graphiql');
  const client = await readFile(join(import.meta.dirname, 'explorer.client.js'), 'utf8');
  const script = (name: string, text: string) => asset(name, 'js', 'text/javascript; charset=utf-8', text);
  const assets = {
    client: script('client', client),
    graphiql: script('graphiql', bundle.js),
    style: asset('graphiql', 'css', 'text/css; charset=utf-8', bundle.css),
    editorWorkerService: script('editor-worker', bundle.editorWorkerService),
    json: script('json-worker', bundle.jsonWorker),
    graphql: script('graphql-worker', bundle.graphqlWorker),
  };
  const headers = JSON.stringify({ Authorization: 'Bearer <token>' }, null, 2);
  const settings = {
    workers: {
      editorWorkerService: assets.editorWorkerService.path,
      json: assets.json.path,
      graphql: assets.graphql.path,
    },
    graphiql: {
      endpoint: '/graphql',
      // Else subscriptions go as GET, and a long document does not fit into an address.
      method: 'POST',
      title: 'Annals',
      headers,
      // Tokens do not belong in the browser’s storage; see explorer.client.js.
      shouldPersistHeaders: false,
      defaultEditorToolsVisibility: 'headers',
      defaultTabs: examples.map(({ query, variables }) => ({ query, variables: variables ?? null, headers })),
    },
  };
  const text = renderPage(assets.client.path, assets.graphiql.path, assets.style.path, bundle.favicon, settings);
  const page: Asset = { path: '/graphql', type: 'text/html; charset=utf-8', body: Buffer.from(text) };
  return { page, assets: new Map(Object.values(assets).map((one) => [one.path, one])) };
}

function asset(name: string, ending: string, type: string, text: string): Asset {
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 16);
  return { path: `${folder}${name}.${hash}.${ending}`, type, body: Buffer.from(text) };
}

function renderPage(client: string, graphiql: string, style: string, favicon: string, settings: unknown): string {
  // Data inside a script element ends at the first `</script`, whatever JSON says.
  const data = JSON.stringify(settings).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Annals</title>
    <link rel="icon" href="${favicon}" />
    <link rel="stylesheet" href="${style}" />
    <script type="application/json" id="settings">${data}</script>
    <script defer src="${client}"></script>
    <script defer src="${graphiql}"></script>
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript. The API answers POST requests at this address.</noscript>
    <div id="root"></div>
  </body>
</html>
`;
}

async function send(exchange: Exchange, asset: Asset): Promise<void> {
  const { request, response } = exchange;
  response.setHeader('content-type', asset.type);
  response.appendHeader('vary', 'Accept-Encoding');
  let body = asset.body;
  if (/\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '')) {
    asset.gzipped ??= compress(asset.body);
    body = await asset.gzipped;
    response.setHeader('content-encoding', 'gzip');
  }
  response.setHeader('content-length', body.length);
  response.end(body);
}
