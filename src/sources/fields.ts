import type { Json } from '../model/entry.ts';

/** A value of a line, with its key as the line writes it. */
interface Field {
  readonly key: string;
  readonly value: string;
}

/**
 * The key-value pairs of one line while they are turned into an entry: what a mapping takes becomes a field of the
 * entry, and all that is left becomes metadata, so nothing is lost. Keys are told apart ignoring case. Of a key that
 * occurs twice the first counts: free text that was not escaped can add keys behind itself only.
 */
export class Fields {
  readonly notes: string[] = [];
  readonly #fields = new Map<string, Field>();
  readonly #counts = new Map<string, number>();

  constructor(pairs: readonly (readonly [key: string, value: string])[]) {
    for (const [key, value] of pairs) this.#add(key, value);
  }

  #add(key: string, value: string): void {
    const name = key.toLowerCase();
    const first = this.#fields.get(name);
    if (first === undefined) {
      this.#fields.set(name, { key, value: value.trim() });
      return;
    }
    if (first.value === value.trim()) return;
    const count = (this.#counts.get(name) ?? 1) + 1;
    this.#counts.set(name, count);
    // No key of CEF holds a number sign, so this name is free.
    this.#fields.set(`${name}#${count}`, { key: `${key}#${count}`, value: value.trim() });
    if (count === 2) this.notes.push(`${key} occurs more than once; the first was taken`);
  }

  /** The value, null where it is missing or empty. */
  peek(key: string): string | null {
    const value = this.#fields.get(key.toLowerCase())?.value;
    return value === undefined || value === '' ? null : value;
  }

  /** The value, which is not left for the metadata then; null where it is missing or empty. */
  take(key: string): string | null {
    const value = this.peek(key);
    if (value !== null) this.#fields.delete(key.toLowerCase());
    return value;
  }

  /** The first of these keys that has a value. */
  takeFirst(keys: readonly string[]): string | null {
    for (const key of keys) {
      const value = this.take(key);
      if (value !== null) return value;
    }
    return null;
  }

  /** What was not taken, beside what the mapping itself has to say; a key of both is prefixed by `cef#`. */
  metadata(own: ReadonlyMap<string, Json>): { readonly [key: string]: Json } | null {
    const all = new Map<string, Json>(own);
    for (const { key, value } of this.#fields.values()) {
      if (value !== '') all.set(own.has(key) ? `cef#${key}` : key, value);
    }
    return all.size === 0 ? null : Object.fromEntries(all);
  }
}
