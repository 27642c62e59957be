/** Entries as a password manager sends them: every usual field filled, names and values of usual length. */
import type { EntryInput } from '../../src/model/entry.ts';

const pick = <T>(values: readonly [T, ...T[]], index: number): T => values[index % values.length] ?? values[0];

/** `catalogueActions`: keys to choose from; `index` decides everything, so that the same index gives the same entry. */
export function benchEntry(catalogueActions: readonly [string, ...string[]], index: number): EntryInput {
  const person = index % 200;
  const vault = index % 40;
  const folder = index % 160;
  return {
    action: pick(catalogueActions, index * 7),
    occurredAt: new Date(Date.UTC(2026, 0, 1) + (index % 1_000_000) * 1000).toISOString(),
    outcome: index % 20 === 0 ? 'DENIED' : 'SUCCESS',
    severity: 1 + (index % 10),
    component: pick(['web', 'browser extension', 'mobile', 'api'], index),
    actor: { type: 'MEMBER', id: `u-${person}`, name: `Person ${person}`, email: `person.${person}@company.example` },
    ...(index % 4 === 0
      ? { affectedUser: { id: `u-${(person + 7) % 200}`, name: `Person ${(person + 7) % 200}` } }
      : {}),
    vault: { id: `vault-${vault}`, name: `Vault number ${vault}` },
    directory: { id: `folder-${folder}`, name: `Folder number ${folder}` },
    targets: [{ type: 'item', id: `item-${index % 5000}`, name: `Administrator account ${index % 5000}` }],
    ip: `10.${index % 200}.${index % 250}.7`,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    device: `Laptop ${person}`,
    session: `session-${index % 997}`,
    request: `request-${index}`,
    location: 'Vienna, AT',
    metadata: { vaultType: 'shared', attempt: index % 3, client: { version: '7.2.1', build: 1200 + (index % 9) } },
  };
}
