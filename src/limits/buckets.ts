/** Token buckets: each holds what may still be done at once, and fills at its rate up to its size. */

export interface Bucket {
  /** In thousandths, so that it is a whole number; below 0 where more was taken at once than the bucket holds. */
  level: number;
  /** When it had that level, in milliseconds. */
  at: number;
}

export interface Rate {
  /** How much comes in a second. */
  readonly perSecond: number;
  /** How much the bucket holds. */
  readonly size: number;
}

/** A bucket that is full. */
export const fullBucket = (now: number): Bucket => ({ level: Number.POSITIVE_INFINITY, at: now });

/** What has come since. A clock that was set back fills nothing. */
export function fill(bucket: Bucket, { perSecond, size }: Rate, now: number): void {
  bucket.level = Math.min(size * 1000, bucket.level + Math.max(0, Math.trunc(now - bucket.at)) * perSecond);
  bucket.at = now;
}

/** Milliseconds until so much may be taken from a bucket just filled; 0 now. What never fits needs a full bucket. */
export function waitFor(bucket: Bucket, { perSecond, size }: Rate, count: number): number {
  const lacking = Math.min(count, size) * 1000 - bucket.level;
  return lacking <= 0 ? 0 : Math.ceil(lacking / perSecond);
}

export function spend(bucket: Bucket, count: number): void {
  bucket.level -= count * 1000;
}

/** How much is in a bucket just filled. */
export const leftIn = ({ level }: Bucket): number => Math.max(0, Math.floor(level / 1000));

/** Buckets beyond this are looked through for those that are full. */
const mostKept = 10_000;

/** Buckets by whose they are; a new one is full, and so is one that is forgotten. */
export function openBuckets(now: () => number): (key: string | number, rate: Rate) => Bucket {
  const buckets = new Map<string | number, { readonly bucket: Bucket; rate: Rate }>();
  let prunedAt = mostKept;
  const prune = (time: number) => {
    for (const [key, { bucket, rate }] of buckets) {
      fill(bucket, rate, time);
      if (waitFor(bucket, rate, rate.size) === 0) buckets.delete(key);
    }
    prunedAt = Math.max(mostKept, 2 * buckets.size);
  };
  return (key, rate) => {
    const time = now();
    let found = buckets.get(key);
    if (found === undefined) {
      if (buckets.size >= prunedAt) prune(time);
      found = { bucket: fullBucket(time), rate };
      buckets.set(key, found);
    }
    found.rate = rate;
    fill(found.bucket, rate, time);
    return found.bucket;
  };
}
