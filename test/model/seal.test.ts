import { expect, test } from 'vitest';
import { openSeal } from '../../src/model/seal.ts';

const seal = openSeal(new Uint8Array(32).fill(1));

test('what is sealed is read again, in the same context and with the same key only', () => {
  const sealed = seal.seal('1 issuer', 'secret ü');
  expect(sealed).not.toContain('secret');
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('secret');
  expect(seal.open('1 issuer', sealed)).toBe('secret ü');
  expect(seal.open('2 issuer', sealed)).toBeNull();
  expect(openSeal(new Uint8Array(32).fill(2)).open('1 issuer', sealed)).toBeNull();
});

test('the same is the same, and whatever differs shares nothing', () => {
  expect(seal.seal('1', 'x')).toBe(seal.seal('1', 'x'));
  const nonces = [seal.seal('1', 'x'), seal.seal('2', 'x'), seal.seal('1', 'y')].map((one) => one.slice(0, 16));
  expect(new Set(nonces).size).toBe(3);
});

test.each(['', 'AAAA', 'no base64 !', Buffer.alloc(40).toString('base64')])('%j is no seal', (text) => {
  expect(seal.open('1', text)).toBeNull();
});

test('a changed byte is noticed', () => {
  const bytes = Buffer.from(seal.seal('1', 'secret'), 'base64');
  for (const [index, byte] of bytes.entries()) {
    const changed = Buffer.from(bytes);
    changed[index] = byte ^ 1;
    expect(seal.open('1', changed.toString('base64'))).toBeNull();
  }
});
