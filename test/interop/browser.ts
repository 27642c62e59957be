/** Headless Chromium, driven through the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/ */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { startCommand, untilPrinted } from '../support/program.ts';

/** Disposing closes its window. A server has six connections of a browser, over all windows, and each stream keeps one. */
export interface Page extends AsyncDisposable {
  /** Addresses of all requests that the page made. */
  readonly requested: readonly string[];
  /** Errors and exceptions that the page wrote to its console. */
  readonly complaints: readonly string[];
  open(url: string): Promise<void>;
  /** The value of an expression, as JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** Clicks in the middle of the first element that matches. */
  click(selector: string): Promise<void>;
  /** Replaces the text of whatever has the focus. */
  retype(text: string): Promise<void>;
  /** The time zone of the reader, by its IANA name, from the next page on. */
  liveIn(timeZone: string): Promise<void>;
  /** Writes what the page shows, as PNG. */
  screenshot(path: string): Promise<void>;
}

export interface Browser extends AsyncDisposable {
  newPage(): Promise<Page>;
}

const reply = z.object({
  id: z.number().optional(),
  sessionId: z.string().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
type Event = z.infer<typeof reply>;

type Send = (method: string, params?: object, sessionId?: string) => Promise<unknown>;

/** Commands and events over the one socket of the browser. */
async function connect(address: string, onEvent: (event: Event) => void): Promise<{ send: Send; close: () => void }> {
  const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 256 * 1024 * 1024 });
  await once(socket, 'open');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  socket.on('message', (data) => {
    const message = reply.parse(JSON.parse(data.toString()));
    const caller = waiting.get(message.id ?? 0);
    if (caller === undefined) onEvent(message);
    else if (message.error) caller.reject(new Error(message.error.message));
    else caller.resolve(message.result);
    waiting.delete(message.id ?? 0);
  });
  const send: Send = (method, params = {}, sessionId) => {
    last += 1;
    const caller = Promise.withResolvers<unknown>();
    waiting.set(last, caller);
    socket.send(JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    return caller.promise;
  };
  return { send, close: () => socket.close() };
}

const target = z.object({ targetId: z.string() });
const session = z.object({ sessionId: z.string() });
const value = z.object({
  result: z.object({ value: z.unknown().optional() }),
  exceptionDetails: z.object({ text: z.string() }).loose().optional(),
});
const request = z.object({ request: z.object({ url: z.string() }) });

/** Starts Chromium so that it can reach this machine alone: every other name is unknown and there is no proxy. */
export async function startBrowser(): Promise<Browser> {
  await using undo = new AsyncDisposableStack();
  const profile = await mkdtemp(join(tmpdir(), 'annals-browser-'));
  undo.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 10 }));
  const program = startCommand(
    'chromium',
    [
      ...['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1500,1000'],
      // Containers have no user namespaces and little shared memory.
      ...['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions'],
      ...['--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'],
      ...['--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
      'about:blank',
    ],
    { XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  );
  undo.defer(async () => {
    program.child.kill('SIGKILL');
    await program.ended;
  });
  const address = await untilPrinted(
    program,
    () => /DevTools listening on (ws:\S+)/.exec(program.output.stderr)?.[1] ?? null,
  );
  const listeners = new Map<string, (event: Event) => void>();
  const { send, close } = await connect(address, (event) => listeners.get(event.sessionId ?? '')?.(event));
  undo.defer(close);
  const acquired = undo.move();
  return {
    async newPage() {
      const { targetId } = target.parse(await send('Target.createTarget', { url: 'about:blank', newWindow: true }));
      const { sessionId } = session.parse(await send('Target.attachToTarget', { targetId, flatten: true }));
      return openPage(
        (method, params) => send(method, params, sessionId),
        (listener) => listeners.set(sessionId, listener),
      );
    },
    [Symbol.asyncDispose]: () => acquired.disposeAsync(),
  };
}

async function openPage(send: Send, listen: (listener: (event: Event) => void) => void): Promise<Page> {
  const requested: string[] = [];
  const complaints: string[] = [];
  const loads = new Set<() => void>();
  listen(({ method, params }) => {
    if (method === 'Network.requestWillBeSent') requested.push(request.parse(params).request.url);
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params));
    if (method === 'Log.entryAdded' && JSON.stringify(params).includes('"level":"error"')) {
      complaints.push(JSON.stringify(params));
    }
    if (method === 'Page.loadEventFired') for (const loaded of loads) loaded();
  });
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);
  // Otherwise a page behind another is not drawn.
  await send('Emulation.setFocusEmulationEnabled', { enabled: true });

  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = value.parse(await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }));
    if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  };
  const point = z.object({ x: z.number(), y: z.number() });
  const key = async (name: string, code: number, modifiers: number) => {
    const event = { key: name, windowsVirtualKeyCode: code, modifiers };
    await send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event });
    await send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  };
  return {
    requested,
    complaints,
    evaluate,
    async open(url) {
      const { promise, resolve } = Promise.withResolvers<void>();
      loads.add(resolve);
      await send('Page.navigate', { url });
      await promise;
      loads.delete(resolve);
    },
    async click(selector) {
      const middle = `(() => {
        const element = document.querySelector(${JSON.stringify(selector)});
        element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        const box = element.getBoundingClientRect();
        return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      })()`;
      const place = point.parse(await evaluate(middle));
      await send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...place });
      const at = { ...place, button: 'left', clickCount: 1 };
      await send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
      await send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
    },
    async retype(text) {
      // Control and A.
      await key('a', 65, 2);
      await send('Input.insertText', { text });
    },
    async liveIn(timeZone) {
      await send('Emulation.setTimezoneOverride', { timezoneId: timeZone });
    },
    async [Symbol.asyncDispose]() {
      await send('Page.close');
    },
    async screenshot(path) {
      const { data } = z.object({ data: z.string() }).parse(await send('Page.captureScreenshot', { format: 'png' }));
      await writeFile(path, Buffer.from(data, 'base64'));
    },
  };
}
