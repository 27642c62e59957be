import { isIP } from 'node:net';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNetworks, normalizeIp, parseNetwork } from '../../src/model/ip.ts';
import { createDatabase } from '../support/database.ts';
import { ipAddress } from '../support/entries.ts';

describe('normalizeIp', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:0:0', '0.0.0.0'],
    // Only the mapped form stands for an IPv4 address; the rest are addresses of their own, in hexadecimal throughout.
    ['::192.0.2.1', '::c000:201'],
    ['::fffe:192.0.2.1', '::fffe:c000:201'],
    ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['1::ffff:192.0.2.1', '1::ffff:c000:201'],
  ])('%s is %s', (address, expected) => {
    expect(normalizeIp(address)).toBe(expected);
  });

  it('writes a valid address that it leaves alone', () => {
    const property = fc.property(ipAddress, (address) => {
      const text = normalizeIp(address);
      expect(isIP(text)).not.toBe(0);
      expect(normalizeIp(text)).toBe(text);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe('parseNetwork', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.0.2.10', '192.0.2.10/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::FFFF:192.0.2.10', '192.0.2.10/32'],
    // Shorter than the mapped prefix: a network of IPv6 addresses.
    ['::fffe:0:0/95', '::fffe:0:0/95'],
  ])('%s is %s', (text, expected) => {
    expect(parseNetwork(text)).toMatchObject({ text: expected });
  });

  it.each([
    ['10.0.0.1/8', /bits beyond/, '10.0.0.0/8'],
    ['::ffff:10.0.0.1/104', /bits beyond/, '10.0.0.0/8'],
    ['2001:db8::1/32', /bits beyond/, '2001:db8::/32'],
    ['10.0.0.0/33', /from 0 to 32/, null],
    ['::/129', /from 0 to 128/, null],
    ['::/-1', /from 0 to 128/, null],
    ['::/', /from 0 to 128/, null],
    ['10.0.0.0/8/8', /neither/, null],
    ['10.0.0/8', /neither/, null],
    ['010.0.0.0/8', /neither/, null],
    ['fe80::1%1', /neither/, null],
    ['', /neither/, null],
  ])('refuses %s', (text, problem, instead) => {
    expect(parseNetwork(text)).toEqual({ problem: expect.stringMatching(problem), instead });
  });

  it('has its first and last address in it, and not those beside them', () => {
    const one = parseNetwork('10.1.0.0/16');
    if ('problem' in one) throw new TypeError(one.problem);
    expect(['10.1.0.0', '10.1.255.255'].every((address) => inNetworks(address, [one]))).toBe(true);
    expect(['10.0.255.255', '10.2.0.0', '::a01:0'].some((address) => inNetworks(address, [one]))).toBe(false);
  });
});

describe('normalizeIp and PostgreSQL', () => {
  const undo = new AsyncDisposableStack();
  let client: pg.Client;
  beforeAll(async () => {
    const database = undo.use(await createDatabase({ empty: true }));
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    undo.defer(() => client.end());
  });
  afterAll(() => undo.disposeAsync());

  const mapped = /^::ffff:\d/;

  it('agree on which addresses are equal, and on what is read back', async () => {
    const pool = fc.sample(ipAddress, 150);
    const addresses = [...pool, ...pool.map((one) => one.toUpperCase()), ...pool.map(spelledOut)];
    const { rows } = await client.query<{ text: string; stated: string }>({
      // The stored form is the normalized one; what was stated stands beside it.
      text: 'select n::inet::text as text, s::inet::text as stated from unnest($1::text[], $2::text[]) with ordinality i(n, s, o) order by o',
      values: [addresses.map(normalizeIp), addresses],
    });
    const readBack = rows.map(({ text }) => text.replace(/\/(32|128)$/, ''));
    const stated = rows.map((row) => row.stated.replace(/\/(32|128)$/, ''));
    expect(readBack.map(normalizeIp)).toEqual(addresses.map(normalizeIp));
    for (const [index, one] of addresses.entries()) {
      // PostgreSQL has one text for equal addresses. It keeps an IPv4-mapped one apart from the IPv4 one; Annals does not.
      if (!mapped.test(stated[index] ?? '')) expect(stated[index], one).toBe(readBack[index]);
    }
    const texts = (list: readonly string[]) => new Set(list).size;
    expect(texts(readBack)).toBe(texts(addresses.map(normalizeIp)));
  });
});

/** The same address, with every zero written. */
function spelledOut(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [left = '', right] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(left), groups(right ?? '')];
  const missing = right === undefined ? [] : new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...missing, ...after].map((group) => group.padStart(4, '0')).join(':');
}
