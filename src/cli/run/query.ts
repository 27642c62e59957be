import type { CommandInput } from '../command.ts';
import { printEntries } from '../entries.ts';
import { operandsOf } from '../options.ts';
import { logsRoot } from '../pages.ts';

export async function runQuery(input: CommandInput): Promise<number> {
  operandsOf(input.operands, 0, 'query takes no operands; options say which entries.');
  return printEntries(input, logsRoot);
}
