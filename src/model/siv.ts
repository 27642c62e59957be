/**
 * AES-SIV (RFC 5297) with one string of associated data: deterministic authenticated encryption. The same text under the same binding gives the same
 * bytes, and bytes that were not made by it are refused. Many texts of one length are taken together: each step of all
 * of them is one call of the cipher, because a call costs more than what it encrypts.
 */
import { type Cipheriv, createCipheriv, createSecretKey, timingSafeEqual } from 'node:crypto';

const blockBytes = 16;
/** Bytes by which a sealed text is longer than the text. */
export const tagBytes = blockBytes;
/** Of two AES-256 keys: the first authenticates, the second encrypts. */
export const sivKeyBytes = 64;
/** Of two AES-128 keys, as in the vectors of the RFC. */
const shortKeyBytes = 32;

/** Encrypts any number of blocks, each by itself. */
type Blocks = (bytes: Uint8Array) => Uint8Array;

export interface Siv {
  /**
   * Seals texts of equal length that stand one after the other; gives each as its tag and its ciphertext, one after the
   * other. `textBytes`: length of a text. `bound`: what the texts are valid for; to open, the same is needed. `room`: zeros
   * left before and after each.
   */
  seal(
    texts: Uint8Array,
    textBytes: number,
    bound: Bound,
    room?: { readonly before: number; readonly after: number },
  ): Buffer;
  /** The text of one tag and ciphertext; null where it was not sealed with this key for `bound`, or not at all. */
  open(sealed: Uint8Array, bound: Bound): Buffer | null;
  /** Prepares associated data. */
  bind(associated: Uint8Array): Bound;
}

/** Associated data, prepared by `bind`: S2V of it, before the text. */
export type Bound = Uint8Array & { readonly siv: unique symbol };

const cipherOf = (key: Uint8Array): Blocks => {
  // Made once: a new cipher costs more than what it encrypts.
  const name = `aes-${key.length * 8}-ecb`;
  const cipher: Cipheriv = createCipheriv(name, createSecretKey(key), null).setAutoPadding(false);
  return (bytes) => cipher.update(bytes);
};

/** Doubling in GF(2^128), RFC 5297 section 2.3. */
function double(block: Uint8Array): Buffer {
  const doubled = Buffer.alloc(blockBytes);
  for (let at = 0; at < blockBytes; at++) {
    doubled[at] = (((block[at] ?? 0) << 1) | ((block[at + 1] ?? 0) >> 7)) & 0xff;
  }
  if ((block[0] ?? 0) & 0x80) doubled[blockBytes - 1] = (doubled[blockBytes - 1] ?? 0) ^ 0x87;
  return doubled;
}

/** Combines `count` bytes of `bytes` from `at` on with those of `other` from `from` on, in place. */
function combine(bytes: Uint8Array, at: number, other: Uint8Array, from: number, count: number): void {
  for (let index = 0; index < count; index++) {
    bytes[at + index] = (bytes[at + index] ?? 0) ^ (other[from + index] ?? 0);
  }
}

/** The same, copied: for so few bytes quicker than a view of them. */
function copy(bytes: Uint8Array, at: number, other: Uint8Array, from: number, count: number): void {
  for (let index = 0; index < count; index++) bytes[at + index] = other[from + index] ?? 0;
}

/** AES-CMAC (RFC 4493) of `count` messages of equal length that stand one after the other: their MACs likewise. */
function openCmac(encrypt: Blocks) {
  const whole = double(encrypt(Buffer.alloc(blockBytes)));
  const padded = double(whole);
  return (messages: Uint8Array, messageBytes: number, count: number): Uint8Array => {
    const blocks = Math.max(1, Math.ceil(messageBytes / blockBytes));
    let macs: Uint8Array = Buffer.alloc(count * blockBytes);
    for (let block = 0; block < blocks; block++) {
      const present = Math.min(blockBytes, messageBytes - block * blockBytes);
      const last = block === blocks - 1;
      for (let number = 0; number < count; number++) {
        const at = number * blockBytes;
        combine(macs, at, messages, number * messageBytes + block * blockBytes, present);
        if (!last) continue;
        if (present < blockBytes) macs[at + present] = (macs[at + present] ?? 0) ^ 0x80;
        combine(macs, at, present < blockBytes ? padded : whole, 0, blockBytes);
      }
      macs = encrypt(macs);
    }
    return macs;
  };
}

/** Writes `tag` plus `addend` as a counter, with the two bits cleared that RFC 5297 section 2.6 clears. */
function writeCounter(counters: Uint8Array, at: number, tag: Uint8Array, from: number, addend: number): void {
  copy(counters, at, tag, from, blockBytes);
  counters[at + 8] = (counters[at + 8] ?? 0) & 0x7f;
  counters[at + 12] = (counters[at + 12] ?? 0) & 0x7f;
  for (let index = at + blockBytes - 1, carry = addend; carry > 0 && index >= at; index--) {
    const sum = (counters[index] ?? 0) + carry;
    counters[index] = sum & 0xff;
    carry = sum >> 8;
  }
}

/** Texts shorter than a block, each padded to one and combined with `bound` doubled. */
function paddedTexts(texts: Uint8Array, textBytes: number, bound: Uint8Array): Buffer {
  const doubled = double(bound);
  const messages = Buffer.alloc((texts.length / textBytes) * blockBytes);
  for (let at = 0, from = 0; at < messages.length; at += blockBytes, from += textBytes) {
    messages.set(texts.subarray(from, from + textBytes), at);
    messages[at + textBytes] = 0x80;
    combine(messages, at, doubled, 0, blockBytes);
  }
  return messages;
}

/** `key`: 64 bytes, or 32 for AES-128. */
export function openSiv(key: Uint8Array): Siv {
  if (key.length !== sivKeyBytes && key.length !== shortKeyBytes) {
    throw new TypeError(`a key of AES-SIV has ${sivKeyBytes} or ${shortKeyBytes} bytes`);
  }
  const cmac = openCmac(cipherOf(key.subarray(0, key.length / 2)));
  const encrypt = cipherOf(key.subarray(key.length / 2));
  const ofZero = cmac(Buffer.alloc(blockBytes), blockBytes, 1);

  /** The tags of the texts: S2V with one string of associated data, RFC 5297 section 2.4. */
  const tagsOf = (texts: Uint8Array, textBytes: number, bound: Bound): Uint8Array => {
    const count = texts.length / textBytes;
    if (textBytes < blockBytes) return cmac(paddedTexts(texts, textBytes, bound), blockBytes, count);
    const messages = Buffer.from(texts);
    for (let end = textBytes; end <= messages.length; end += textBytes) {
      combine(messages, end - blockBytes, bound, 0, blockBytes);
    }
    return cmac(messages, textBytes, count);
  };

  /** Encrypts or decrypts in place: `count` texts from `offset` on, `stride` apart, each from its tag’s counter on. */
  const crypt = (bytes: Uint8Array, tags: Uint8Array, textBytes: number, offset: number, stride: number): void => {
    const room = Math.ceil(textBytes / blockBytes) * blockBytes;
    const count = tags.length / tagBytes;
    const counters = Buffer.alloc(count * room);
    for (let at = 0; at < counters.length; at += blockBytes) {
      writeCounter(counters, at, tags, Math.floor(at / room) * tagBytes, (at % room) / blockBytes);
    }
    const stream = encrypt(counters);
    for (let number = 0; number < count; number++)
      combine(bytes, offset + number * stride, stream, number * room, textBytes);
  };

  return {
    bind(associated) {
      const bound = double(ofZero);
      combine(bound, 0, cmac(associated, associated.length, 1), 0, blockBytes);
      return bound as Uint8Array as Bound;
    },
    seal(texts, textBytes, bound, { before, after } = { before: 0, after: 0 }) {
      const tags = tagsOf(texts, textBytes, bound);
      const count = texts.length / textBytes;
      const stride = before + tagBytes + textBytes + after;
      const sealed = Buffer.alloc(count * stride);
      for (let number = 0, at = before; number < count; number++, at += stride) {
        copy(sealed, at, tags, number * tagBytes, tagBytes);
        copy(sealed, at + tagBytes, texts, number * textBytes, textBytes);
      }
      crypt(sealed, tags, textBytes, before + tagBytes, stride);
      return sealed;
    },
    open(sealed, bound) {
      const tag = sealed.subarray(0, tagBytes);
      const text = Buffer.from(sealed.subarray(tagBytes));
      if (text.length === 0) return null;
      crypt(text, tag, text.length, 0, text.length);
      return timingSafeEqual(tag, tagsOf(text, text.length, bound)) ? text : null;
    },
  };
}
