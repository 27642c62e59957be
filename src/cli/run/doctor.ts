import { examine, type Finding } from '../../doctor/doctor.ts';
import { errorInfo } from '../../errors.ts';
import type { CommandInput } from '../command.ts';
import { has, operandsOf } from '../options.ts';
import { jsonLine, type Paint, printable, type Style } from '../output.ts';
import { paintFor } from '../show.ts';

const styles: Readonly<Record<Finding['status'], Style>> = { ok: 'green', warn: 'yellow', fail: 'red' };
/** The longest name of a check. */
const checkWidth = 13;

function inWords({ check, status, message, cure }: Finding, paint: Paint): string {
  const first = `${paint(styles[status], status.padEnd(4))}  ${check.padEnd(checkWidth)}  ${printable(message)}\n`;
  return cure === null ? first : `${first}${' '.repeat(checkWidth + 8)}→ ${printable(cure)}\n`;
}

export async function runDoctor({ config, options, operands, out }: CommandInput): Promise<number> {
  operandsOf(operands, 0, 'doctor takes no operands.');
  const paint = paintFor(options, config, out);
  let failed = 0;
  let warned = 0;
  for await (const finding of examine(config, Date.now())) {
    if (finding.status === 'fail') failed++;
    if (finding.status === 'warn') warned++;
    await out.write(has(options, 'json') ? jsonLine(finding) : inWords(finding, paint));
  }
  if (!has(options, 'json')) {
    const sum = failed + warned === 0 ? 'Nothing to do.' : `${failed} failed, ${warned} should be looked at.`;
    await out.write(`${sum}\n`);
  }
  return failed > 0 || (warned > 0 && has(options, 'strict')) ? errorInfo('CONFIG_INVALID').exit : 0;
}
