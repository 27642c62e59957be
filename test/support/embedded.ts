import { rm } from 'node:fs/promises';
import { readRecord } from '../../src/store/embedded/place.ts';

/** Removes a data directory, and the place outside it where root’s database may lie. */
export async function removeData(dataDirectory: string): Promise<void> {
  const record = await readRecord(dataDirectory);
  if (record !== undefined) await rm(record.base, { recursive: true, force: true });
  await rm(dataDirectory, { recursive: true, force: true });
}
