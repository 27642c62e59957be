/** Limits on the shape of a document, checked once per document, before validation, for every transport. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
  type Source,
} from 'graphql';
import { AnnalsError } from '../errors.ts';

export interface DocumentLimits {
  /** Deepest nesting of fields, fragments expanded; introspection is bounded by graphql-js itself. */
  readonly queryDepth: number;
  /** Most aliases, fragments expanded; each lets the same field be asked for once more. */
  readonly queryAliases: number;
  /** Most lexical tokens. */
  readonly queryTokens: number;
}

/** Parses within the limits; throws a GraphQLError that wraps QUERY_TOO_LARGE, or one for a mistake in syntax. */
export function limitedParse(limits: DocumentLimits): (source: string | Source) => DocumentNode {
  return (source) => {
    const document = parseTokens(source, limits.queryTokens);
    const measure = measureDocument(document);
    if (measure.depth > limits.queryDepth) {
      throw tooLarge(`Fields are nested ${shown(measure.depth)} deep; at most ${limits.queryDepth} are allowed.`);
    }
    if (measure.aliases > limits.queryAliases) {
      throw tooLarge(
        `The operation has ${shown(measure.aliases)} aliases; at most ${limits.queryAliases} are allowed.`,
      );
    }
    return document;
  };
}

const shown = (count: number) => (Number.isSafeInteger(count) ? String(count) : 'far too many');

function tooLarge(message: string): GraphQLError {
  return new GraphQLError(message, { cause: new AnnalsError('QUERY_TOO_LARGE', { message }) });
}

function parseTokens(source: string | Source, maxTokens: number): DocumentNode {
  try {
    return parse(source, { maxTokens });
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes('Parsing aborted')) {
      throw tooLarge(`The document has more than ${maxTokens} tokens.`);
    }
    throw error;
  }
}

interface Measure {
  readonly depth: number;
  readonly aliases: number;
}

const nothing: Measure = { depth: 0, aliases: 0 };

/** The largest measures among the document's operations. Each fragment is measured once, so the work is linear. */
function measureDocument(document: DocumentNode): Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const measured = new Map<string, Measure>();

  const ofFragment = (name: string): Measure => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // A fragment that spreads itself counts as nothing here; validation refuses it.
    measured.set(name, nothing);
    const fragment = fragments.get(name);
    const measure = fragment === undefined ? nothing : ofSelections(fragment.selectionSet);
    measured.set(name, measure);
    return measure;
  };

  const ofSelections = (selections: SelectionSetNode): Measure => {
    let depth = 0;
    let aliases = 0;
    for (const node of selections.selections) {
      let inner: Measure;
      if (node.kind === Kind.FRAGMENT_SPREAD) inner = ofFragment(node.name.value);
      else if (node.kind === Kind.INLINE_FRAGMENT) inner = ofSelections(node.selectionSet);
      else {
        const below = node.selectionSet === undefined ? nothing : ofSelections(node.selectionSet);
        const introspection = node.name.value === '__schema' || node.name.value === '__type';
        inner = {
          depth: introspection ? 1 : below.depth + 1,
          aliases: below.aliases + (node.alias === undefined ? 0 : 1),
        };
      }
      depth = Math.max(depth, inner.depth);
      aliases += inner.aliases;
    }
    return { depth, aliases };
  };

  let largest = nothing;
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const measure = ofSelections(node.selectionSet);
    largest = {
      depth: Math.max(largest.depth, measure.depth),
      aliases: Math.max(largest.aliases, measure.aliases),
    };
  }
  return largest;
}
