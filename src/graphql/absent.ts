/**
 * Stand-ins for an action whose catalogue this server no longer loads. Entries outlive catalogue files, and one such
 * entry must not take a whole page with it.
 */
import type { Action, Catalogue, CatalogueInfo, Category } from '../catalogue/catalogue.ts';

const why = 'In no catalogue that this server loads.';
const catalogueOf = (key: string): string => key.split('.', 1)[0] ?? key;

/** The action of a key, known or not. */
export function actionFor(catalogue: Catalogue, key: string): Action {
  return (
    catalogue.action(key) ?? {
      key,
      code: key.slice(catalogueOf(key).length + 1),
      codeIsCoined: false,
      catalogue: catalogueOf(key),
      category: `${catalogueOf(key)}.unknown`,
      actionGroup: null,
      name: key,
      description: why,
      template: `{actor}: ${key}`,
      defaultOutcome: 'UNKNOWN',
      severity: 1,
      sourceSeverity: null,
      opens: null,
      aboutAccount: false,
      fields: [],
    }
  );
}

/** The category of a key, known or not. */
export function categoryFor(catalogue: Catalogue, key: string): Category {
  return catalogue.category(key) ?? { key, catalogue: catalogueOf(key), name: key, description: why };
}

/** The catalogue of a key, known or not. */
export function catalogueFor(catalogue: Catalogue, key: string): CatalogueInfo {
  return (
    catalogue.catalogues.find((one) => one.key === key) ?? { key, name: key, version: 'unknown', description: why }
  );
}
