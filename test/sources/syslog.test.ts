import { expect, test } from 'vitest';
import { parseSyslog } from '../../src/sources/syslog.ts';
import { openClock } from '../../src/sources/time.ts';

const clock = openClock({ timeZone: 'UTC', year: 2026, now: () => new Date('2026-11-22T12:00:00Z') });
const at = Date.parse('2026-11-20T10:11:12Z');

test.each<[string, string | null, string | null]>([
  ['Nov 20 10:11:12 host php-fpm: CEF:0|x', 'host', 'php-fpm'],
  ['Nov 20 10:11:12 host php-fpm[12]: CEF:0|x', 'host', 'php-fpm'],
  ['<134>Nov 20 10:11:12 fe80::1 php-fpm: CEF:0|x', 'fe80::1', 'php-fpm'],
  ['Nov 20 10:11:12 php-fpm: CEF:0|x', null, 'php-fpm'],
  ['Nov 20 10:11:12 host CEF:0|x', 'host', null],
  ['Nov 20 10:11:12 CEF:0|x', null, null],
  ['2026-11-20T10:11:12+00:00 host php-fpm[1]: CEF:0|x', 'host', 'php-fpm'],
  ['<13>1 2026-11-20T10:11:12Z host php-fpm 1 - - CEF:0|x', 'host', 'php-fpm'],
  ['1 2026-11-20T10:11:12Z - - - - - \ufeffCEF:0|x', null, null],
  ['<13>1 2026-11-20T10:11:12Z host app 1 id [a x="1"][b@1 y="\\"\\]\\\\"] CEF:0|x', 'host', 'app'],
])('%s', (line, host, program) => {
  expect(parseSyslog(line, clock)).toMatchObject({ at, host, program, message: 'CEF:0|x', times: 1 });
});

test('structured data is kept as written', () => {
  expect(parseSyslog('1 - - - - - [a x="\\]"][b] hello', clock)).toMatchObject({
    at: null,
    timeProblem: 'the syslog header has no time',
    structuredData: '[a x="\\]"][b]',
    message: 'hello',
  });
});

test('repeats that rsyslog folded are unfolded by number', () => {
  const line = parseSyslog('Nov 20 10:11:12 host php-fpm: message repeated 3 times: [ CEF:0|x [y]]', clock);
  expect(line).toMatchObject({ times: 3, message: 'CEF:0|x [y]' });
});

test('a line without header is all message', () => {
  expect(parseSyslog('CEF:0|x', clock)).toMatchObject({ at: null, message: 'CEF:0|x' });
});
