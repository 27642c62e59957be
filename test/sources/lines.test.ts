import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLine, LineSplitter } from '../../src/sources/lines.ts';

function split(chunks: readonly Uint8Array[], limit?: number) {
  const splitter = new LineSplitter(limit);
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}
const texts = (chunks: readonly string[], limit?: number) =>
  split(
    chunks.map((chunk) => Buffer.from(chunk)),
    limit,
  ).map(({ line, bytes, content }) => [line, bytes, content?.toString() ?? null]);

test('LF, CRLF, blank lines and a last line without end', () => {
  expect(texts(['a\r\n\n  \t\r\nb\nc'])).toEqual([
    [1, 3, 'a'],
    [4, 8, 'b'],
    [5, 1, 'c'],
  ]);
  expect(texts(['a\n'])).toEqual([[1, 2, 'a']]);
  expect(texts([''])).toEqual([]);
});

test('a byte order mark before the first line is no content', () => {
  expect(texts(['\ufeffa\n\ufeffb\n']).map(([, , content]) => content)).toEqual(['a', '\ufeffb']);
});

test('a line at the limit passes, one byte more is refused, and the next is read again', () => {
  expect(texts(['1234\r\n', '123', '45', '\nab\n', 'abcdefgh'], 4)).toEqual([
    [1, 6, '1234'],
    [2, 6, null],
    [3, 3, 'ab'],
    [4, 8, null],
  ]);
});

test('chunks may be reused by their owner after they were given', () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.from('abc');
  expect([...splitter.push(chunk)]).toEqual([]);
  chunk.fill('x');
  expect([...splitter.end()].map(({ content }) => content?.toString())).toEqual(['abc']);
});

test('where the chunks are cut makes no difference', () => {
  const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x20), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte), fc.array(fc.nat(20)), fc.integer({ min: 1, max: 12 }), (bytes, cuts, limit) => {
      const whole = Buffer.from(bytes);
      const chunks: Buffer[] = [];
      let from = 0;
      for (const cut of cuts) {
        chunks.push(whole.subarray(from, from + cut));
        from += cut;
      }
      chunks.push(whole.subarray(from));
      expect(split(chunks, limit)).toEqual(split([whole], limit));
    }),
  );
});

test('what is no text is replaced and said', () => {
  expect(decodeLine(Buffer.from('grün'))).toEqual({ text: 'grün', notes: [] });
  expect(decodeLine(Buffer.from([0x61, 0, 0xff]))).toEqual({
    text: 'a\ufffd',
    notes: [expect.stringContaining('UTF-8'), expect.stringContaining('NUL')],
  });
});
