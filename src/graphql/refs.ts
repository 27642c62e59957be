/** The object types by name and by what stands behind them; types/ gives them their fields. */
import type { ShownView } from '../administration/administration.ts';
import type { Principal } from '../auth/auth.ts';
import type { Action, ActionGroup, CatalogueInfo, Category } from '../catalogue/catalogue.ts';
import type { Entry } from '../model/entry.ts';
import type { StoredActor, StoredDirectoryName } from '../store/store.ts';
import { builder } from './builder.ts';

export const CatalogueRef = builder.objectRef<CatalogueInfo>('Catalogue');
export const EventCategoryRef = builder.objectRef<Category>('EventCategory');
export const ActionRef = builder.objectRef<Action>('Action');
export const ActionGroupRef = builder.objectRef<ActionGroup>('ActionGroup');
export const ActorRef = builder.objectRef<StoredActor>('Actor');
export const DirectoryRef = builder.objectRef<StoredDirectoryName>('Directory');
export const LogEntryRef = builder.objectRef<Entry>('LogEntry');
/** A principal knows its organization; there is no other an operation could speak of. */
export const OrganizationRef = builder.objectRef<Principal>('Organization');

export const SavedViewRef = builder.objectRef<ShownView>('SavedView');

/** What can stand behind a `Node`. */
export type NodeValue = Category | Action | StoredActor | StoredDirectoryName | Entry | Principal | ShownView;
export const NodeRef = builder.interfaceRef<NodeValue>('Node');
