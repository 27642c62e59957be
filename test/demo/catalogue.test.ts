import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import { createDemoWorld } from '../../src/demo/demo.ts';

const now = new Date('2026-03-18T14:20:00Z');
const world = createDemoWorld({ now });
const ticked = Array.from({ length: 1_000 }, () => world.next(now));

/** What an entry may state whatever its action; the rest is for the action’s list of fields. */
const envelope = new Set(['action', 'occurredAt', 'outcome', 'severity', 'session', 'location', 'request']);

test('every action is in a catalogue and every field is one that the action carries', () => {
  const catalogue = openCatalogue();
  const misfits = new Set<string>();
  for (const entry of [...world.entries, ...ticked]) {
    const action = catalogue.action(entry.action);
    if (!action) misfits.add(`${entry.action}: unknown`);
    const carried: ReadonlySet<string> = new Set(action?.fields);
    for (const [field, value] of Object.entries(entry)) {
      if (value != null && !envelope.has(field) && !carried.has(field)) misfits.add(`${entry.action}: ${field}`);
    }
  }
  expect([...misfits]).toEqual([]);
});

test('both catalogues and nearly all of their categories occur', () => {
  const catalogue = openCatalogue();
  const categories = new Set(world.entries.map((entry) => catalogue.action(entry.action)?.category));
  for (const name of ['users', 'vaults', 'sharing', 'recovery', 'organization', 'app']) {
    expect(categories).toContain(`enpass.${name}`);
  }
  expect([...categories].filter((key) => key?.startsWith('passwork.')).length).toBeGreaterThanOrEqual(7);
});

test('the ticker gives valid entries, mostly routine, now and then an alarm', () => {
  const catalogue = openCatalogue();
  for (const entry of ticked) {
    expect(entry.occurredAt).toBe(now);
    expect(entry.actor?.type).toMatch(/^(MEMBER|ANONYMOUS)$/);
    expect(isIP(entry.ip ?? '')).not.toBe(0);
    expect(catalogue.action(entry.action)).toBeDefined();
  }
  const alarming = ticked.filter((entry) => (catalogue.action(entry.action)?.severity ?? 0) >= 7);
  expect(alarming.length).toBeGreaterThan(3);
  expect(alarming.length).toBeLessThan(100);
});
