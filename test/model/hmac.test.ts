import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openHmac } from '../../src/model/hmac.ts';

describe('an HMAC in two hashes', () => {
  it('is the HMAC-SHA256 of RFC 2104, message after message', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 64 });
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
    const property = fc.property(key, messages, (secret, texts) => {
      const mac = openHmac(secret);
      for (const text of texts) expect(mac(text)).toBe(createHmac('sha256', secret).update(text).digest('hex'));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('takes no key that would have to be hashed first', () => {
    expect(() => openHmac(new Uint8Array(65))).toThrow('at most 64 bytes');
  });
});
