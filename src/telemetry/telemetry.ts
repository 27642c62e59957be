/** What an operator sees of a running server: numbers, and what fails now. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type MetricInfo, metricTable } from './table.ts';

export { type Faults, openFaults } from './faults.ts';
export { watchProcess } from './process.ts';
export { type MetricInfo, metricTable } from './table.ts';
export { type OperationSpan, openTracing, type Place, parseTraceparent, type Tracing } from './tracing.ts';

type Table = typeof metricTable;
type Named<Type extends MetricInfo['type']> = {
  [K in keyof Table]: Table[K]['type'] extends Type ? K : never;
}[keyof Table];
/** Metrics with labels take exactly these, and metrics without take none. */
type Labels<Name extends keyof Table> = Table[Name] extends { readonly labels: infer L }
  ? [labels: { readonly [K in keyof L]: string }]
  : [];
type Unlabelled<Name extends keyof Table> = Name extends keyof Table
  ? Table[Name] extends { readonly labels: unknown }
    ? never
    : Name
  : never;

export interface Metrics {
  /** Adds to a counter, or moves a gauge up or down. */
  add<Name extends Named<'counter' | 'gauge'>>(name: Name, value: number, ...labels: Labels<Name>): void;
  set<Name extends Named<'gauge'>>(name: Name, value: number, ...labels: Labels<Name>): void;
  observe<Name extends Named<'histogram'>>(name: Name, value: number, ...labels: Labels<Name>): void;
  /** Asks for a value whenever the metrics are read; of several that answer, the largest counts. */
  watch(name: Unlabelled<Named<'counter' | 'gauge'>>, read: () => number): Disposable;
  /** All of them in Prometheus’ text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

type Instrument = Counter | Gauge | Histogram;

function instrumentOf(name: string, info: MetricInfo, registry: Registry): Instrument {
  const common = { name, help: info.help, labelNames: Object.keys(info.labels ?? {}), registers: [registry] };
  if (info.type === 'counter') return new Counter(common);
  if (info.type === 'gauge') return new Gauge(common);
  return new Histogram({ ...common, buckets: [...(info.buckets ?? [])] });
}

/** Instruments of its own: several servers in one process do not share numbers. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  const instruments = new Map<string, Instrument>();
  for (const [name, info] of Object.entries<MetricInfo>(metricTable)) {
    instruments.set(name, instrumentOf(name, info, registry));
  }
  const watched = new Map<string, Set<() => number>>();

  const movable = (name: string): Counter | Gauge => {
    const found = instruments.get(name);
    if (found === undefined || found instanceof Histogram) throw new TypeError(`${name} cannot be added to`);
    return found;
  };
  const gauge = (name: string): Gauge => {
    const found = instruments.get(name);
    if (!(found instanceof Gauge)) throw new TypeError(`${name} is no gauge`);
    return found;
  };

  return {
    add: (name, value, ...[labels]) =>
      labels === undefined ? movable(name).inc(value) : movable(name).inc(labels, value),
    set: (name, value, ...[labels]) => (labels === undefined ? gauge(name).set(value) : gauge(name).set(labels, value)),
    observe(name, value, ...[labels]) {
      const found = instruments.get(name);
      if (!(found instanceof Histogram)) throw new TypeError(`${name} is no histogram`);
      if (labels === undefined) found.observe(value);
      else found.observe(labels, value);
    },
    watch(name, read) {
      const readers = watched.get(name) ?? new Set();
      watched.set(name, readers.add(read));
      return { [Symbol.dispose]: () => void readers.delete(read) };
    },
    async text() {
      for (const [name, readers] of watched) {
        const instrument = movable(name);
        instrument.reset();
        instrument.inc(Math.max(0, ...[...readers].map((read) => read())));
      }
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
