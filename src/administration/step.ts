/** What a change does, before it does it: the same for whatever is changed. */

import type { AdministrationChange } from './changes.ts';
import type { Guarded } from './guards/requests.ts';

export interface Prepared {
  /** What it tells the log; none where nothing changes that the log is told of. */
  changes(): readonly AdministrationChange[];
  /** Whether something changes that is somebody’s alone, and not told. */
  readonly untold?: boolean;
  /** What has to wait where the organization guards it. */
  readonly guarded?: Guarded | null;
  write(): Promise<void>;
}

/** One with an answer. */
export interface Step<T> extends Prepared {
  readonly result: T;
}
