/** What fails now, of the work that nobody waits for. */
import type { FaultReport } from '../errors.ts';
import type { Metrics } from './telemetry.ts';

export interface Faults {
  readonly report: FaultReport;
  /** Where something fails now. */
  readonly failing: ReadonlySet<string>;
}

export interface FaultLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

/** Logs a fault where it begins and where it ends, not each time it is met again; counts every one. */
export function openFaults(log: FaultLog, metrics: Metrics): Faults {
  const failing = new Set<string>();
  const report: FaultReport = (where, error) => {
    if (error === null) {
      if (!failing.delete(where)) return;
      metrics.set('annals_failing', 0, { where });
      log.info({ where }, 'works again');
      return;
    }
    metrics.add('annals_faults_total', 1, { where });
    if (failing.has(where)) return;
    failing.add(where);
    metrics.set('annals_failing', 1, { where });
    log.warn({ where, err: error }, 'fails; it is tried again until it works');
  };
  return { report, failing };
}
