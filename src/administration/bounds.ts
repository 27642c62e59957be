/** From where a token may be used, and how much, as it is stated. */

import { type Network, parseNetwork } from '../model/ip.ts';
import { limitNames, mostOfLimit, type OwnLimits, statedLimits } from '../model/limits.ts';
import { badInput } from './checks.ts';

/** Networks of one token. */
const mostNetworks = 100;

function networkOf(text: string, path: string): Network {
  const parsed = parseNetwork(text);
  if (!('problem' in parsed)) return parsed;
  const cure = `Write it like ${parsed.instead ?? '192.0.2.10, 10.0.0.0/8 or 2001:db8::/32'}.`;
  throw badInput(path, `${JSON.stringify(text.slice(0, 100))} ${parsed.problem}.`, cure);
}

/** Each once, in the one text form. Errors: BAD_INPUT. */
export function networksOf(texts: readonly string[]): readonly Network[] {
  if (texts.length > mostNetworks) throw badInput('allowedNetworks', `has more than ${mostNetworks} networks.`);
  const all = texts.map((text, index) => networkOf(text, `allowedNetworks[${index}]`));
  return [...new Map(all.map((network) => [network.text, network])).values()];
}

/** Null where nothing is stated. Errors: BAD_INPUT. */
export function limitsOf(limits: OwnLimits): OwnLimits | null {
  for (const name of limitNames) {
    const value = limits[name] ?? 0;
    if (Number.isInteger(value) && value >= 0 && value <= mostOfLimit) continue;
    throw badInput(`limits.${name}`, `must be a whole number from 0, which is no limit, to ${mostOfLimit}.`);
  }
  const stated = statedLimits(limits);
  return Object.keys(stated).length === 0 ? null : stated;
}
