import { describe, expect, it } from 'vitest';
import { annals, startProgram, untilPrinted } from '../support/program.ts';
import { objectsOf, useTestServer } from './support.ts';

const site = useTestServer();

describe('annals record', () => {
  it('records one entry from its options and prints what became of it', async () => {
    const log = await site.newLog();
    const env = log.env(log.tokens.integration);
    const words = [
      ...['record', 'passwork.item_viewed', '--key', 'k1', '--occurred-at', '2026-01-31T10:30:00+01:00'],
      ...['--outcome', 'denied', '--severity', '7', '--component', 'web', '--ip', '192.0.2.7'],
      ...['--actor', 'u1', '--actor-name', 'Mia Chen', '--actor-email', 'mia@example.com', '--actor-type', 'member'],
      ...['--affected', 'u2', '--affected-name', 'Ola', '--affected-email', 'ola@example.com'],
      ...['--vault', 'v1', '--vault-name', 'Finance', '--directory', 'f1', '--directory-name', 'Payroll'],
      ...['--target', 'item:i1:Bank: main', '--target', 'link:l1', '--target', 'field::PIN'],
      ...['--user-agent', 'curl', '--device', 'laptop', '--session', 's1', '--request', 'r1', '--location', 'Vienna'],
      ...['--metadata', '{"why":"test"}'],
    ];
    const first = await annals(words, env);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^CREATED entry:[0-9a-f-]{36}\n$/);
    const [entry] = objectsOf((await log.run('query', '--json')).stdout);
    expect(entry).toMatchObject({
      id: first.stdout.trim().split(' ')[1],
      occurredAt: '2026-01-31T09:30:00.000Z',
      action: { key: 'passwork.item_viewed' },
      outcome: 'DENIED',
      severity: 7,
      component: 'web',
      actor: { type: 'MEMBER', id: 'u1', name: 'Mia Chen', email: 'mia@example.com' },
      affectedUser: { id: 'u2', name: 'Ola', email: 'ola@example.com' },
      vault: { id: 'v1', name: 'Finance' },
      directory: { id: 'f1', name: 'Payroll' },
      targets: [
        { type: 'item', id: 'i1', name: 'Bank: main' },
        { type: 'link', id: 'l1', name: null },
        { type: 'field', id: null, name: 'PIN' },
      ],
      ip: '192.0.2.7',
      userAgent: 'curl',
      device: 'laptop',
      session: 's1',
      request: 'r1',
      location: 'Vienna',
      metadata: { why: 'test' },
    });

    expect((await annals(words, env)).stdout).toBe(first.stdout.replace('CREATED', 'REPEATED'));
    const conflict = await annals([...words, '--severity', '8', '--json'], env);
    expect(conflict.code).toBe(2);
    expect(objectsOf(conflict.stdout)).toMatchObject([
      { status: null, id: null, error: { code: 'IDEMPOTENCY_CONFLICT' } },
    ]);
    expect(conflict.stderr).toMatch(/^annals: IDEMPOTENCY_CONFLICT: .*\n\S/);
  });

  it('records another entry each time where no key is given', async () => {
    const log = await site.newLog();
    const env = log.env(log.tokens.integration);
    const runs = [
      await annals(['record', 'passwork.item_viewed'], env),
      await annals(['record', 'passwork.item_viewed'], env),
    ];
    expect(runs.map(({ stdout }) => stdout.split(' ')[0])).toEqual(['CREATED', 'CREATED']);
    expect((await log.run('query', '--count')).stdout).toBe('2\n');
  });

  it('reads ndjson from standard input, names refused lines, and records the rest', async () => {
    const log = await site.newLog();
    const env = log.env(log.tokens.integration);
    const lines = [
      '{"action":"passwork.item_viewed","request":"one"}',
      '',
      '{"action":"passwork.no_such"}',
      'no json',
      '{"action":"passwork.item_viewed","request":"five"}',
      '{"action":"passwork.item_viewed","idempotencyKey":"k"}',
      '{"action":"passwork.item_viewed","colour":"red"}',
    ].join('\n');
    const plain = await annals(['record', '-'], env, lines);
    expect(plain.code).toBe(2);
    expect(plain.stdout).toMatch(/^(CREATED entry:\S+\n){3}$/);
    expect([...plain.stderr.matchAll(/^line (\d+): ([A-Z_]+): /gm)].map(([, line, code]) => `${line} ${code}`)).toEqual(
      ['3 UNKNOWN_ACTION', '4 ENTRY_INVALID', '7 ENTRY_INVALID'],
    );
    // Again: without a key of its own a line is another entry.
    const json = await annals(['record', '-', '--json'], env, lines);
    expect(json.code).toBe(2);
    expect(objectsOf(json.stdout).map(({ line, status }) => `${line} ${status}`)).toEqual([
      '1 CREATED',
      '3 null',
      '4 null',
      '5 CREATED',
      '6 REPEATED',
      '7 null',
    ]);
    expect((await log.run('query', '--count')).stdout).toBe('5\n');
  });

  it('passes on what comes before its input ends', async () => {
    const log = await site.newLog();
    const program = startProgram(['record', '-'], log.env(log.tokens.integration));
    program.child.stdin.write('{"action":"passwork.item_viewed"}\n');
    await untilPrinted(program, () => (program.output.stdout.startsWith('CREATED') ? true : null));
    program.child.stdin.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  const mistakes: readonly [words: string[], code: number, says: RegExp][] = [
    [[], 2, /record takes one ACTION, or -/],
    [['passwork.item_viewd'], 2, /^annals: UNKNOWN_ACTION: .*passwork\.item_viewd/],
    [['passwork.item_viewed', '--ip', 'here'], 2, /^annals: ENTRY_INVALID: .*ip/],
    [['passwork.item_viewed', '--target', 'i1'], 2, /--target must be TYPE:ID or TYPE:ID:NAME, not "i1"/],
    [['passwork.item_viewed', '--vault-name', 'Finance'], 2, /--vault-name needs --vault/],
    [['passwork.item_viewed', '--severity', 'high'], 2, /--severity must be a whole number from 1 to 10/],
    [['passwork.item_viewed', '--metadata', '3'], 2, /--metadata must be a JSON object/],
    [['-', '--actor', 'u1'], 2, /--actor describes one entry/],
  ];
  it('names every mistake, and records nothing then', async () => {
    const log = await site.newLog();
    for (const [words, code, says] of mistakes) {
      const outcome = await annals(['record', ...words], log.env(log.tokens.integration));
      expect([words, outcome.code, outcome.stdout]).toEqual([words, code, '']);
      expect(outcome.stderr).toMatch(says);
    }
    expect(await annals(['record', '-'], log.env(log.tokens.member), '{}')).toMatchObject({ code: 3 });
    expect((await log.run('query', '--count')).stdout).toBe('0\n');
  });
});
