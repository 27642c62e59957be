/** What a benchmark prints: every figure beside the one it is compared with. Nothing gates on it. */

/** A figure with its unit, such as `12,345 rows/s`. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
}

export interface Line {
  readonly name: string;
  readonly measured: Figure;
  readonly compared: Figure & { readonly what: string };
  /** How `measured.value / compared.value` should come out; left out where the figure is for information. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

const shown = ({ value, unit }: Figure): string => {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
};

function verdict(ratio: number, target: Line['target']): string {
  if (target === undefined) return 'for information';
  const [goal, met] =
    'atLeast' in target
      ? [`at least ${target.atLeast}`, ratio >= target.atLeast]
      : [`at most ${target.atMost}`, ratio <= target.atMost];
  return `target ${goal}: ${met ? 'met' : 'MISSED'}`;
}

export function print(line: Line): void {
  const ratio = line.measured.value / line.compared.value;
  process.stdout.write(
    `${line.name}\n  measured ${shown(line.measured)}; ${line.compared.what} ${shown(line.compared)}; ratio ${ratio.toFixed(2)}; ${verdict(ratio, line.target)}\n`,
  );
}

/** A figure that is judged by itself. */
export function printFact(name: string, text: string, met?: boolean): void {
  process.stdout.write(`${name}\n  ${text}${met === undefined ? '' : `: ${met ? 'met' : 'MISSED'}`}\n`);
}

export const printHeading = (text: string): void => void process.stdout.write(`\n${text}\n`);
