/** A progress line on a terminal; nothing where stderr is none. */
export interface Progress {
  /** `done` of `total` bytes (null: unknown), with a few words. */
  show(done: number, total: number | null, words: string): void;
  /** Clears the line, so that other output stands by itself. */
  clear(): void;
}

const barWidth = 28;
const redrawMs = 100;

export function openProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { show() {}, clear() {} };
  let drawnAt = 0;
  let drawn = false;
  return {
    show(done, total, words) {
      const now = performance.now();
      if (now - drawnAt < redrawMs) return;
      drawnAt = now;
      drawn = true;
      const share = total === null || total === 0 ? null : Math.min(1, done / total);
      const filled = Math.round((share ?? 0) * barWidth);
      const bar =
        share === null
          ? ''
          : `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %  `;
      // A terminal that does not know its width says 0.
      const width = stream.columns > 0 ? stream.columns : 80;
      stream.write(`\r\u001b[2K${`${bar}${words}`.slice(0, width - 1)}`);
    },
    clear() {
      if (drawn) stream.write('\r\u001b[2K');
      drawn = false;
    },
  };
}
