/** What the process itself uses. */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './telemetry.ts';

const resolutionMs = 10;
const nano = 1e9;

/** Watches the process until disposed. */
export function watchProcess(metrics: Metrics): Disposable {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // A timer that is on time counts with the resolution itself.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / nano - resolutionMs / 1000);
  let longest = 0;
  const started = Date.now() / 1000 - process.uptime();
  const undo = new DisposableStack();
  undo.defer(() => delay.disable());
  undo.use(
    metrics.watch('annals_event_loop_delay_p99_seconds', () => {
      const { max } = delay;
      const p99 = delay.percentile(99);
      // Taken together, since taking them begins the next period.
      delay.reset();
      longest = late(max);
      return late(p99);
    }),
  );
  undo.use(metrics.watch('annals_event_loop_delay_max_seconds', () => longest));
  undo.use(metrics.watch('process_start_time_seconds', () => started));
  undo.use(
    metrics.watch('process_cpu_seconds_total', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
  );
  undo.use(metrics.watch('process_resident_memory_bytes', () => process.memoryUsage.rss()));
  undo.use(metrics.watch('nodejs_heap_size_used_bytes', () => process.memoryUsage().heapUsed));
  undo.use(metrics.watch('nodejs_heap_size_total_bytes', () => process.memoryUsage().heapTotal));
  // The directory that is being read counts too.
  if (process.platform === 'linux')
    undo.use(metrics.watch('process_open_fds', () => readdirSync('/proc/self/fd').length - 1));
  return undo;
}
