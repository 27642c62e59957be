/**
 * Every metric, by name: what it measures, in which unit, and by which labels. docs/metrics.md is rendered from this table,
 * and a test checks it against what a running server answers.
 *
 * A label takes few values, all of them known to the code: names of fields, transports, error codes, kinds of work. Never an
 * id, a name, an address or anything else that a caller could make up.
 */
export interface MetricInfo {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Label names, each with what its values are. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Upper bounds, in the metric’s unit. */
  readonly buckets?: readonly number[];
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const entries = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000] as const;
const operation = 'the first root field, or `none` where nothing ran';

export const metricTable = {
  // Requests
  annals_operations_total: {
    type: 'counter',
    help: 'GraphQL operations, and requests that were refused before one ran.',
    labels: {
      operation,
      transport: '`http`, `sse` or `websocket`',
      outcome: '`OK`, or the code of the first error (errors.md)',
    },
  },
  annals_operation_duration_seconds: {
    type: 'histogram',
    help: 'From the arrival of a request to its result; for a subscription until it is open.',
    labels: { operation },
    buckets: seconds,
  },
  annals_sockets: { type: 'gauge', help: 'WebSockets that are open.' },

  // Recording
  annals_entries_appended_total: { type: 'counter', help: 'Entries recorded by this server.' },
  annals_entries_repeated_total: {
    type: 'counter',
    help: 'Entries whose idempotency key was recorded before; they are recorded once.',
  },
  annals_append_batch_entries: { type: 'histogram', help: 'Entries of a batch that was committed.', buckets: entries },
  annals_append_batch_duration_seconds: {
    type: 'histogram',
    help: 'From taking a batch out of the queue to its commit.',
    buckets: seconds,
  },
  annals_append_batches_failed_total: {
    type: 'counter',
    help: 'Batches that were not committed; their callers were told to try again.',
  },
  annals_append_queue_entries: {
    type: 'gauge',
    help: 'Entries that wait to be recorded, of all organizations. One organization may have APPEND_QUEUE_ENTRIES.',
  },
  annals_append_overloads_total: {
    type: 'counter',
    help: 'Requests refused with OVERLOADED because the queue was full.',
  },

  // Limits
  annals_limit_refusals_total: {
    type: 'counter',
    help: 'Requests refused with RATE_LIMITED or QUOTA_EXCEEDED, by the limit that refused them.',
    labels: { of: '`token` or `organization`', limit: '`requests` or `entries` a second, or `quota`' },
  },

  // Live
  annals_live_streams: { type: 'gauge', help: 'Live streams that are open.' },
  annals_live_batches_total: { type: 'counter', help: 'Batches given to live streams, heartbeats included.' },
  annals_live_entries_total: { type: 'counter', help: 'Entries delivered to live streams.' },
  annals_live_lag_seconds: {
    type: 'histogram',
    help: 'From the time that a batch’s newest entry was recorded at, so before its commit, to its delivery to a stream that was waiting for it.',
    buckets: seconds,
  },
  annals_tail_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the tail of a log that is being watched was last read: the oldest of them. Above 2, streams pause.',
  },

  // Statistics
  annals_statistics_running: { type: 'gauge', help: 'Statistics that are being counted, at most STATISTICS_AT_ONCE.' },
  annals_statistics_waiting: {
    type: 'gauge',
    help: 'Statistics that wait for their turn, of all organizations. One organization may have STATISTICS_WAITING.',
  },
  annals_statistics_overloads_total: {
    type: 'counter',
    help: 'Statistics refused with OVERLOADED because too many of their organization waited.',
  },

  // Followers
  annals_follower_lag_entries: {
    type: 'gauge',
    help: 'Entries that a follower has not worked off, of all organizations, when this server last looked: once a minute.',
    labels: { follower: 'its name, such as `statistics`' },
  },

  // Who read the log
  annals_access_waiting_entries: { type: 'gauge', help: 'Accesses that happened and wait to be recorded in the log.' },
  annals_access_lost_total: {
    type: 'counter',
    help: 'Accesses that will never be recorded; the server’s log says why.',
  },

  // The server’s own state
  annals_failing: {
    type: 'gauge',
    help: '1 while a kind of work fails and is tried again, 0 once it works again; absent where it never failed.',
    labels: { where: 'the kind of work, such as `append` or `live tail`' },
  },
  annals_faults_total: {
    type: 'counter',
    help: 'Failures of such work.',
    labels: { where: 'as above' },
  },
  annals_database_connections: { type: 'gauge', help: 'Connections to the database, at most DATABASE_CONNECTIONS.' },
  annals_database_connections_idle: { type: 'gauge', help: 'Of these, those that nothing uses.' },
  annals_database_waiting: { type: 'gauge', help: 'Statements that wait for a connection.' },
  annals_database_listening: {
    type: 'gauge',
    help: '1 while notifications of other servers arrive; without them live streams look once a second.',
  },
  annals_statement_duration_seconds: {
    type: 'histogram',
    help: 'Statements, from being given to the pool to their last row.',
    buckets: seconds,
  },
  annals_statements_failed_total: { type: 'counter', help: 'Statements that ended with an error.' },
  annals_tls_certificate_end_seconds: {
    type: 'gauge',
    help: 'When the certificate of TLS_CERT_FILE ends, as Unix time; 0 without one.',
  },
  annals_info: { type: 'gauge', help: 'Always 1.', labels: { version: 'of Annals' } },

  // The process
  annals_event_loop_delay_p99_seconds: {
    type: 'gauge',
    help: 'How late the event loop ran: the 99th percentile since the last scrape.',
  },
  annals_event_loop_delay_max_seconds: { type: 'gauge', help: 'The longest such delay since the last scrape.' },
  process_start_time_seconds: { type: 'gauge', help: 'When the process started, as Unix time.' },
  process_cpu_seconds_total: { type: 'counter', help: 'Processor time used by the process, user and system.' },
  process_resident_memory_bytes: { type: 'gauge', help: 'Memory of the process.' },
  process_open_fds: { type: 'gauge', help: 'Files and sockets that the process has open; on Linux only.' },
  nodejs_heap_size_used_bytes: { type: 'gauge', help: 'JavaScript’s heap in use.' },
  nodejs_heap_size_total_bytes: { type: 'gauge', help: 'JavaScript’s heap.' },
} as const satisfies Record<string, MetricInfo>;
