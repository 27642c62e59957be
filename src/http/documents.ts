/** Documents seen before, so that their parse and validation are not repeated; bounded by their characters. */
import type { DocumentNode } from 'graphql';

export interface DocumentCache {
  get(source: string): DocumentNode | undefined;
  set(source: string, document: DocumentNode): void;
}

/**
 * Keeps the most recently used documents while their texts stay within `characters` together; a parsed document is some
 * twenty times its text. One that alone takes an eighth of that is not kept: a stranger must not push out the rest.
 */
export function openDocumentCache(characters: number): DocumentCache {
  const documents = new Map<string, DocumentNode>();
  let held = 0;
  return {
    get(source) {
      const document = documents.get(source);
      if (document === undefined) return undefined;
      // A map keeps the order of insertion: the first key is the least recently used.
      documents.delete(source);
      documents.set(source, document);
      return document;
    },
    set(source, document) {
      if (source.length > characters / 8 || documents.has(source)) return;
      documents.set(source, document);
      held += source.length;
      for (const oldest of documents.keys()) {
        if (held <= characters) return;
        documents.delete(oldest);
        held -= oldest.length;
      }
    },
  };
}
