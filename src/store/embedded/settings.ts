/**
 * How the embedded server runs: a small machine, one writer-heavy database, a few hundred connections at most.
 * `fsync`, `full_page_writes` and `synchronous_commit` are stated though they are PostgreSQL’s defaults: an
 * acknowledged entry is on disk.
 */
const defaults = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',

  // Only the private socket; there is no port to take or to attack.
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',

  // Holds the newest partitions’ indexes, which appends touch at random; more helps little on a small machine.
  shared_buffers: '256MB',
  // A statistics scan sorts and hashes; 16 MB keep a page of groups in memory, times a few connections.
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  // SSDs: an index probe costs little more than a sequential page.
  random_page_cost: '1.1',
  // Statements are short; compiling them costs more than it saves (and the npm binaries carry no LLVM).
  jit: 'off',
  // A statement over all monthly partitions locks each of them and each of its indexes.
  max_locks_per_transaction: '256',

  // After each checkpoint the first change of a page writes the whole page into the log. Fewer checkpoints, fewer such
  // writes; in exchange recovery after a crash replays up to 2 GB, some ten seconds.
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  // Holds a whole batch of 1,000 entries, so that a commit writes the log once.
  wal_buffers: '16MB',

  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  logging_collector: 'off',
} as const;

/** The server’s command line arguments after `-D`; `overrides` win. */
export function settingArguments(socketDirectory: string, overrides: Readonly<Record<string, string>>): string[] {
  const settings = { ...defaults, ...overrides, unix_socket_directories: socketDirectory, port: '5432' };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
