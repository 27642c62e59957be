/** Whether a repeated idempotency key came with the content that it recorded first. */
import type { DigestContent } from '../model/digest.ts';
import { Digester } from '../model/digest.ts';
import { type Outcome, outcomes } from '../model/entry.ts';
import type { Store } from '../store/store.ts';
import type { LogOrganization } from './log.ts';
import type { ValidEntry } from './validate.ts';

/** What the digest binds of a valid entry. */
export function digestContent(organizationUid: string, id: string, entry: ValidEntry): DigestContent {
  return {
    organizationUid,
    id,
    occurredAt: entry.occurredAt,
    action: entry.action,
    outcome: entry.outcome,
    severity: entry.severity,
    component: entry.component,
    actorType: entry.actor.type,
    actor: entry.actor,
    affectedUser: entry.affectedUser,
    directoryId: entry.directory?.id ?? null,
    directoryName: entry.directory?.name ?? null,
    vaultId: entry.vault?.id ?? null,
    vaultName: entry.vault?.name ?? null,
    targets: entry.targets,
    ip: entry.ip,
    userAgent: entry.userAgent,
    device: entry.device,
    session: entry.session,
    request: entry.request,
    location: entry.location,
    changes: entry.changes,
    metadata: entry.metadata,
  };
}

export interface RepeatChecker {
  /** The entries whose content differs from what the log holds under the id. An entry that is gone cannot differ. */
  conflicts(
    to: LogOrganization,
    repeats: readonly { id: string; entry: ValidEntry }[],
  ): Promise<ReadonlySet<ValidEntry>>;
}

/**
 * The content is compared through the stored entry’s own salts: the digest of the new content under the first entry’s id
 * and salts equals the stored digest exactly when they are the same. No unsalted hash of content is ever kept.
 */
export function openRepeatChecker(store: Pick<Store, 'readSeals'>): RepeatChecker {
  const digester = new Digester();
  return {
    async conflicts(to, repeats) {
      const seals = new Map(
        (await store.readSeals(to.organization, [...new Set(repeats.map(({ id }) => id))])).map((seal) => [
          seal.id,
          seal,
        ]),
      );
      const different = repeats.filter(({ id, entry }) => {
        const seal = seals.get(id);
        if (seal === undefined) return false;
        const { defaulted } = entry;
        const same: ValidEntry = {
          ...entry,
          occurredAt: defaulted.occurredAt ? seal.occurredAt : entry.occurredAt,
          outcome: defaulted.outcome ? outcomeOf(seal.outcome) : entry.outcome,
          severity: defaulted.severity ? seal.severity : entry.severity,
        };
        return !digester.digest(digestContent(to.organizationUid, id, same), seal.salts).equals(seal.digest);
      });
      return new Set(different.map(({ entry }) => entry));
    },
  };
}

const outcomeOf = (index: number): Outcome => outcomes[index] ?? 'UNKNOWN';
