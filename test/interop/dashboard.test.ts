/** The dashboard of examples/ in a browser, started by the commands that its page documents, against those same questions elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { builtOperation, openClient } from '../../src/cli/client.ts';
import { objectsOf } from '../cli/support.ts';
import { type EntryInput, RecordDocument } from '../generated/graphql.ts';
import { freePort } from '../support/port.ts';
import {
  checkout,
  type Environment,
  launcher,
  newDataDirectory,
  type Program,
  type Server,
  startCommand,
  startServer,
  untilPrinted,
} from '../support/program.ts';
import { readLog, startWriters } from '../support/traffic.ts';
import { createOrganization, type Tokens, vaults } from '../support/world.ts';
import { type Browser, type Page, startBrowser } from './browser.ts';

const documented = readFileSync(join(checkout, 'docs', 'dashboard.md'), 'utf8');
/** The lines of the page’s blocks of shell. */
const commands = [...documented.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
  block.trimEnd().split('\n'),
);
const commandOf = (beginning: RegExp): string => {
  const found = commands.find((command) => beginning.test(command));
  if (found === undefined) throw new Error(`docs/dashboard.md has no command like ${beginning}`);
  return found;
};

/** The zone of the documented commands and of the reader: the page and the command line must agree on days. */
const berlin = 'Europe/Berlin';
const image = '<img src=x onerror="window.hurt = true">';
const [mine, other] = vaults;
const patient = { timeout: 30_000, interval: 50 };

const undo = new AsyncDisposableStack();
let settings: Environment;
let server: Server;
let tokens: Tokens;
let browser: Browser;
/** Where the page is served. */
let address: string;

/** Starts the documented file server at a port that is free. */
async function serveFiles(port: number): Promise<string> {
  const line = commandOf(/^python3 /).replace('8000', String(port));
  const program = startCommand('sh', ['-c', `exec ${line}`], { PYTHONUNBUFFERED: '1' }, { cwd: checkout });
  undo.defer(async () => {
    program.child.kill('SIGKILL');
    await program.ended;
  });
  await untilPrinted(program, () => (program.output.stdout.includes('Serving HTTP') ? true : null));
  return `http://127.0.0.1:${port}/`;
}

beforeAll(async () => {
  const port = await freePort();
  const [, origins = ''] = /^ALLOWED_ORIGINS=(\S+) npm start$/.exec(commandOf(/npm start/)) ?? [];
  const data = undo.use(await newDataDirectory());
  settings = { DATA_DIRECTORY: data.path, DEMO: 'off', ALLOWED_ORIGINS: origins.replace('8000', String(port)) };
  tokens = await createOrganization(settings);
  undo.defer(async () => {
    await server[Symbol.asyncDispose]();
  });
  server = await startServer(settings);
  browser = undo.use(await startBrowser());
  address = await serveFiles(port);
  await fill();
});
afterAll(() => undo.disposeAsync());

async function record(...entries: readonly EntryInput[]): Promise<void> {
  const client = openClient({ url: server.url, token: tokens.integration });
  const { recordLogs } = await client.request(RecordDocument, { input: { entries } });
  expect(recordLogs.results.filter(({ error }) => error !== null)).toEqual([]);
}

const viewed = (name: string, vault: string): EntryInput => ({
  action: 'passwork.item_viewed',
  actor: { id: 'mia', name: 'Mia Chen' },
  vault: { id: vault },
  targets: [{ type: 'item', id: name, name }],
});

/** Ten days, on each of which more happened than on the one before; most of it in the other vault. */
async function fill(): Promise<void> {
  const now = Date.now();
  const entries = Array.from({ length: 10 }, (_, age) =>
    Array.from({ length: 20 - age }, (_, index): EntryInput => {
      const occurredAt = new Date(now - age * 86_400_000 - index * 60_000).toISOString();
      if (index % 4 === 1) return { action: 'enpass.app_login_failed', actor: { name: 'Niko' }, occurredAt };
      const entry = viewed(index % 4 === 2 ? 'Bank portal' : `Item ${age}-${index}`, index % 5 === 0 ? mine : other);
      const jonas = { id: 'jonas.lindqvist', name: 'Jonas Lindqvist' };
      return index % 4 === 3 ? { ...entry, actor: jonas, occurredAt } : { ...entry, occurredAt };
    }),
  ).flat();
  await record(...entries);
}

/** Starts one of the documented commands as the owner. */
function start(command: string, ...more: readonly string[]): Program {
  const line = [command.replace('npx annals', `"${process.execPath}" "${launcher}"`), ...more].join(' ');
  const env = { ANNALS_URL: new URL(server.url).origin, ANNALS_TOKEN: tokens.owner };
  return startCommand('sh', ['-c', `exec ${line}`], env);
}

async function answerOf(command: string, ...more: readonly string[]): Promise<string> {
  const { output, ended } = start(command, ...more);
  expect(await ended, output.stderr).toEqual({ code: 0, signal: null });
  return output.stdout;
}

const idsIn = (ndjson: string) => objectsOf(ndjson).map(({ id }) => id);

const textOf = async (page: Page, selector: string) =>
  String(await page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`));
const strings = z.array(z.string());
const all = async (page: Page, selector: string, of: string) =>
  strings.parse(await page.evaluate(`[...document.querySelectorAll('${selector}')].map((one) => one.${of})`));
const idsOn = (page: Page) => all(page, '#rows tr', 'dataset.id');
const barsOf = (page: Page, id: string) => all(page, `#${id} title`, 'textContent');
const isLive = (page: Page) => expect.poll(() => textOf(page, '#state'), patient).toBe('Live.');

async function signIn(token: string, path = ''): Promise<Page> {
  const page = await browser.newPage();
  await page.liveIn(berlin);
  await page.open(`${address}${path}`);
  await page.click('#enter [name=address]');
  await page.retype(server.url);
  await page.click('#enter [name=token]');
  await page.retype(token);
  await page.click('#enter button');
  return page;
}

async function filterBy(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  const chosen = JSON.stringify(Object.entries(values));
  await page.evaluate(`${chosen}.forEach(([name, value]) => { filters.elements[name].value = value; })`);
  await page.click('#filters button');
  await isLive(page);
  await expect.poll(() => textOf(page, '#total'), patient).toContain('in all');
}

/** Of a command that answers more, as of the API. */
const figuresOf = z.object({
  total: z.number(),
  buckets: z.array(z.object({ start: z.string(), count: z.number() })),
  groups: z.array(z.object({ keys: z.array(z.object({ name: z.string() })), count: z.number() })),
});
interface Figures {
  readonly logStatistics: z.infer<typeof figuresOf>;
}
const lastWeek = { occurredAt: { within: { last: 7, unit: 'DAY', timeZone: berlin, whole: true } } };
const figures = builtOperation<Figures, { filter: typeof lastWeek; timeZone: string }>(`
  query ($filter: LogFilter, $timeZone: String) {
    logStatistics(filter: $filter, interval: DAY, timeZone: $timeZone, groupBy: [CATEGORY]) {
      total buckets { start count } groups { keys { name } count }
    }
  }`);
/** As the page names a day. */
const dayOf = (moment: string) =>
  new Date(moment).toLocaleDateString('en-US', { timeZone: berlin, day: 'numeric', month: 'short', year: 'numeric' });

it('shows the same entries and figures as the API and the command line, page by page', async () => {
  await using page = await signIn(tokens.owner);
  await isLive(page);
  expect(await textOf(page, '#who')).toMatch(/OWNER of Test\. Every entry of the log\./);
  await filterBy(page, { days: '7' });

  const { logStatistics } = await openClient({ url: server.url, token: tokens.owner }).request(figures, {
    filter: lastWeek,
    timeZone: berlin,
  });
  expect(logStatistics.buckets).toHaveLength(7);
  expect(await barsOf(page, 'days')).toEqual(
    logStatistics.buckets.map(({ start, count }) => `${dayOf(start)}: ${count}`),
  );
  const categories = logStatistics.groups.map(({ keys, count }) => `${keys[0]?.name}: ${count}`);
  expect(await barsOf(page, 'categories')).toEqual(categories);
  expect(await textOf(page, '#total')).toBe(`${logStatistics.total} in all.`);

  const asked = commandOf(/^npx annals query --filter/);
  expect(await idsOn(page)).toEqual(idsIn(await answerOf(asked, '--json', '--fields', 'id')));
  const counted = figuresOf.parse(JSON.parse(await answerOf(commandOf(/^npx annals statistics/), '--json')));
  expect(counted).toEqual(logStatistics);
  const whole = idsIn(await answerOf(asked.replace(/ --first \d+/, ' --all'), '--json', '--fields', 'id'));
  expect(whole).toHaveLength(counted.total);

  expect(whole.length).toBeGreaterThan(100);
  await page.click('#older');
  await expect.poll(async () => (await idsOn(page)).length, patient).toBe(100);
  await page.click('#older');
  await expect.poll(() => idsOn(page), patient).toEqual(whole);
  expect(await page.evaluate("document.getElementById('older').hidden")).toBe(true);
  expect(page.complaints).toEqual([]);
});

it('narrows by words, category and actor as the command line does', async () => {
  await using page = await signIn(tokens.owner);
  await isLive(page);
  await filterBy(page, { category: 'passwork.passwords', text: 'bank' });
  const counted = (await answerOf(commandOf(/^npx annals query --category/))).trim();
  expect(Number(counted)).toBeGreaterThan(10);
  expect(await textOf(page, '#total')).toBe(`${counted} in all.`);
  expect(await all(page, '#rows td:nth-child(3)', 'textContent.includes("Bank portal").toString()')).toEqual(
    Array.from({ length: Number(counted) }, () => 'true'),
  );

  await filterBy(page, { category: '', text: '', actor: 'jonas.lindqvist' });
  const history = idsIn(await answerOf(commandOf(/^npx annals ask history/), '--json', '--fields', 'id'));
  expect(history.length).toBe(20);
  expect((await idsOn(page)).slice(0, 20)).toEqual(history);
});

it('shows at once what is recorded, and after a restart goes on without gap or repeat', async () => {
  await using page = await signIn(tokens.owner);
  const tail = start(commandOf(/^npx annals tail/), '--json');
  await isLive(page);
  await expect.poll(async () => (await idsOn(page)).length, patient).toBe(50);
  // A command that starts now, and the page, from its cursor on.
  const shownByTail = async () => {
    await record(viewed('Signal', mine));
    return tail.output.stdout.includes('Signal');
  };
  await expect.poll(shownByTail, patient).toBe(true);

  const before = performance.now();
  await record(viewed('Live one', other));
  await expect.poll(() => textOf(page, '#rows tr:first-child'), patient).toContain('Live one');
  expect(performance.now() - before).toBeLessThan(5000);
  await untilPrinted(tail, () => (tail.output.stdout.includes('Live one') ? true : null));
  tail.child.kill('SIGTERM');
  await tail.ended;
  expect(page.complaints).toEqual([]);

  await server.kill('SIGTERM');
  await expect.poll(() => textOf(page, '#state'), patient).toContain('trying again');
  server = await startServer({ ...settings, PORT: new URL(server.url).port });
  await record(viewed('Meanwhile 1', mine), viewed('Meanwhile 2', other));
  await isLive(page);
  await record(viewed('Afterwards', mine));
  await expect.poll(() => textOf(page, '#rows tr:first-child'), patient).toContain('Afterwards');
  const log = (await readLog(server.url, tokens.owner)).map(({ id }) => id).reverse();
  const shown = await idsOn(page);
  expect(shown.length).toBeGreaterThan(54);
  expect(shown).toEqual(log.slice(0, shown.length));
  const figuresNow = () => textOf(page, '#total');
  await expect.poll(figuresNow, patient).toBe(`${log.length} in all.`);
});

it('closes its stream while it is hidden, and goes on without gap when it is shown again', async () => {
  await using page = await signIn(tokens.owner);
  await isLive(page);
  const before = await idsOn(page);
  const setHidden = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));`);
  await setHidden(true);
  expect(await textOf(page, '#state')).toBe('Paused while hidden.');
  await record(viewed('Unseen 1', mine), viewed('Unseen 2', other));
  expect(await idsOn(page)).toEqual(before);
  await setHidden(false);
  await isLive(page);
  await record(viewed('Seen', mine));
  await expect.poll(() => textOf(page, '#rows tr:first-child'), patient).toContain('Seen');
  const log = (await readLog(server.url, tokens.owner)).map(({ id }) => id).reverse();
  expect(await idsOn(page)).toEqual([...log.slice(0, 3), ...before]);
});

it('misses and repeats nothing while callers record through restarts, one of them a crash', async () => {
  await using page = await signIn(tokens.owner);
  await isLive(page);
  const pace = () => delay(100);
  await using writers = startWriters(() => server.url, tokens.integration, {
    callers: 2,
    entry: (caller, index) => viewed(`Caller ${caller}, ${index}`, mine),
    pace,
  });
  const [firstShown] = (await idsOn(page)).slice(-1);
  const first = () => textOf(page, '#rows tr:first-child');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await expect.poll(first, patient).toContain('Caller');
    await server.kill(signal);
    await expect.poll(() => textOf(page, '#state'), patient).toContain('trying again');
    server = await startServer({ ...settings, PORT: new URL(server.url).port });
    await isLive(page);
  }
  await writers.stop();
  expect(writers.acknowledged.size).toBeGreaterThan(20);
  const log = (await readLog(server.url, tokens.owner)).map(({ id }) => id).reverse();
  const expected = log.slice(0, log.indexOf(firstShown ?? '') + 1);
  await expect.poll(async () => (await idsOn(page)).length, patient).toBe(expected.length);
  expect(await idsOn(page)).toEqual(expected);
});

it('shows a member what it sees, also live, and nothing of it after the grant is gone', async () => {
  await using page = await signIn(tokens.member);
  await isLive(page);
  await record(viewed('Board key', other), viewed('Mail root', mine));
  await expect.poll(() => textOf(page, '#rows tr:first-child'), patient).toContain('Mail root');
  const visible = (await readLog(server.url, tokens.member)).map(({ id }) => id).reverse();
  const shown = await idsOn(page);
  expect(shown).toEqual(visible.slice(0, shown.length));
  expect(await textOf(page, '#rows')).not.toContain('Board key');

  const removeGrants = builtOperation<unknown, { grants: readonly object[] }>(
    'mutation ($grants: [GrantKeyInput!]!) { removeGrants(grants: $grants) { changed } }',
  );
  const grants = [{ directoryId: mine, memberId: 'mara' }];
  await openClient({ url: server.url, token: tokens.owner }).request(removeGrants, { grants });
  await expect.poll(() => textOf(page, '#rows'), patient).not.toContain('Mail root');
  const left = (await readLog(server.url, tokens.member)).map(({ id }) => id).reverse();
  await expect.poll(() => idsOn(page), patient).toEqual(left);
});

it('opens a saved view by its link, with its columns, and shows every name as text', async () => {
  const saveView = builtOperation<{ saveView: { id: string } }, { input: object }>(
    'mutation ($input: SaveViewInput!) { saveView(input: $input) { id } }',
  );
  const input = {
    name: image,
    description: image,
    filter: { target: { in: ['trap'] } },
    order: { field: 'OCCURRED_AT' },
    columns: ['DESCRIPTION', 'TARGETS', 'ACTOR'],
  };
  const { saveView: saved } = await openClient({ url: server.url, token: tokens.owner }).request(saveView, { input });
  const trap: EntryInput = {
    ...viewed('trap', mine),
    actor: { id: image, name: image },
    targets: [{ type: 'item', id: 'trap', name: image }],
  };
  await record(trap);
  await using page = await signIn(tokens.owner, `?view=${encodeURIComponent(saved.id)}`);
  await isLive(page);
  expect(await all(page, '#head th', 'textContent')).toEqual(['What', 'Targets', 'Who']);
  expect(await textOf(page, '#views [aria-current]')).toBe(image);
  await record(trap, viewed('Elsewhere', mine));
  await expect.poll(async () => (await idsOn(page)).length, patient).toBe(2);
  expect(await all(page, '#rows td:nth-child(2)', 'textContent')).toEqual([image, image]);
  expect(await all(page, '#filters [name=actor] option', 'textContent')).toContainEqual(`${image} (1)`);
  expect(await page.evaluate('[document.images.length, String(window.hurt)]')).toEqual([0, 'undefined']);
  expect(page.complaints).toEqual([]);
  expect(page.requested.filter((url) => ![address, server.url].some((own) => url.startsWith(own)))).toEqual(
    page.requested.filter((url) => url.startsWith('data:')),
  );
});

it('says what is wrong and what helps: a wrong token, a view that is not there, an origin that is not allowed', async () => {
  await using refused = await signIn('annals_wrong');
  await expect
    .poll(() => textOf(refused, '#problem'), patient)
    .toMatch(/^UNAUTHENTICATED .+\n+Send `Authorization: Bearer/);
  expect(await refused.evaluate("sessionStorage.getItem('annals:token')")).toBe(null);

  await using lost = await signIn(tokens.owner, '?view=view:00000000-0000-7000-8000-000000000000');
  await expect
    .poll(() => textOf(lost, '#problem'), patient)
    .toMatch(/^VIEW_NOT_FOUND .+\n+Use an id that `savedViews`/);

  address = await serveFiles(await freePort());
  await using foreign = await signIn(tokens.owner);
  const helps = `its ALLOWED_ORIGINS names ${new URL(address).origin}`;
  await expect.poll(() => textOf(foreign, '#problem'), patient).toContain(helps);
});
