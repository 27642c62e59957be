/** What of a token can be changed: its name, from where it may be used, and how much. */
import type { Principal } from '../auth/auth.ts';
import { inNetworks, type Network, normalizeIp } from '../model/ip.ts';
import { limitNames, type OwnLimits } from '../model/limits.ts';
import type { AdministrationStatements, TokenRecord } from '../store/store.ts';
import { limitsOf, networksOf } from './bounds.ts';
import { fieldChanges } from './changes.ts';
import { badInput, checkText } from './checks.ts';
import type { Step } from './step.ts';
import { actsAsOf, checkTokenId, subjectOf } from './tokens.ts';

/** What is left out stays as it is. */
export interface TokenChange {
  readonly id: string;
  readonly name?: string;
  /** Addresses and networks in CIDR notation; none is anywhere. */
  readonly allowedNetworks?: readonly string[];
  /** Of its own limits those that are stated; null takes one away. */
  readonly limits?: OwnLimits;
}

/** Whoever lost its own way in could not take it back. */
function checkOwnWay(networks: readonly Network[], { id }: TokenChange, by: Principal | null): void {
  const ip = by?.from?.ip ?? null;
  if (by?.tokenId !== id || ip === null || networks.length === 0) return;
  if (inNetworks(normalizeIp(ip), networks)) return;
  throw badInput('allowedNetworks', `your own address ${ip} lies in none of them, and this is your token.`);
}

const flat = ({ name, networks, limits }: Pick<TokenRecord, 'name' | 'networks' | 'limits'>) => ({
  name,
  ...Object.fromEntries(limitNames.map((limit) => [limit, limits?.[limit] ?? null])),
  allowedNetworks: networks.length === 0 ? null : networks.join(', '),
});

/**
 * It takes as much as making a token that acts so. The result is null where there is no such token that was not revoked.
 * Errors: BAD_INPUT, ESCALATION.
 */
export async function tokenChangeStep(
  statements: AdministrationStatements,
  organization: number,
  change: TokenChange,
  by: Principal | null,
): Promise<Step<TokenRecord | null>> {
  const { id, name, allowedNetworks } = change;
  checkTokenId(id);
  if (name !== undefined) checkText('name', name, 'name');
  const networks = allowedNetworks === undefined ? null : networksOf(allowedNetworks);
  const before = await statements.findToken(organization, id);
  if (before === null || before.revokedAt !== null) return { changes: () => [], write: async () => {}, result: null };
  await subjectOf(statements, organization, { actsAs: actsAsOf(before) }, by);
  if (networks !== null) checkOwnWay(networks, change, by);
  const after = {
    ...before,
    name: name ?? before.name,
    networks: networks === null ? before.networks : networks.map(({ text }) => text),
    limits: change.limits === undefined ? before.limits : limitsOf({ ...before.limits, ...change.limits }),
  };
  const changes = fieldChanges(flat(before), flat(after), ['name', 'allowedNetworks', ...limitNames]);
  return {
    changes: () =>
      changes.length === 0
        ? []
        : [{ action: 'annals.token_changed', targets: [{ type: 'token', id, name: after.name }], changes }],
    result: after,
    async write() {
      await statements.changeToken(organization, after);
      // Open streams are judged by it, too.
      await statements.raiseRights(organization);
    },
  };
}
