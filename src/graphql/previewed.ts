/**
 * Whose eyes a value was read through. One operation may hold the caller’s own view and previews of others: what was read
 * for a preview is marked with that preview’s loaders, and everything below it asks here. Unmarked values are the caller’s.
 */
import type { AnnalsContext } from './context.ts';
import type { Loaders } from './loaders.ts';

type Eyes = Pick<AnnalsContext, 'loaders' | 'previewed'>;

/** The loaders that answer for a value. */
export const loadersOf = (context: Eyes, value: object): Loaders => context.previewed?.get(value) ?? context.loaders;

/** The same for a part that other values share: what is marked is a copy. */
export const sharedPartOf = <T extends object>(context: Eyes, value: object, part: T): T =>
  context.previewed?.has(value) ? partOf(context, value, { ...part }) : part;

/** Hands the mark of a value on to a part made from it, and returns the part. */
export function partOf<T extends object>(context: Eyes, value: object, part: T): T {
  const eyes = context.previewed?.get(value);
  if (eyes !== undefined) context.previewed?.set(part, eyes);
  return part;
}
