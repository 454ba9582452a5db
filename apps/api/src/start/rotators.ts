import {
  type AllowRule,
  allowsHost,
  isPublicAddress,
  type Outbound,
  systemResolvers,
} from "@keyfold/outbound";
import { httpRotator, localRotators, postgresRotators, type Rotator } from "@keyfold/rotators";
import type { Config } from "../config.ts";

/**
 * The rotators of this deployment; those with a target reach the public internet, and what the operator names for rotators. Not
 * what webhooks may reach: a webhook reads no answer, and a rotator keeps what it was answered.
 */
export function rotatorsFor(
  { rotationTargets }: Pick<Config, "rotationTargets">,
  outboundTo: (allow: readonly AllowRule[]) => Pick<Outbound, "post">,
): readonly Rotator[] {
  const outbound = outboundTo(rotationTargets);
  const allowed = (host: string): boolean => allowsHost(rotationTargets, host.toLowerCase(), "https:");
  const resolvers = systemResolvers();
  // A name without a dot is this network's own; any other that the operator did not name may be a stranger's.
  const isOurs = (host: string): boolean => allowed(host) || !host.includes(".");
  return [
    ...localRotators,
    httpRotator({ post: (post) => outbound.post(post) }),
    ...postgresRotators({
      mayReach: ({ host, address }) => isPublicAddress(address) || allowed(host) || allowed(address),
      lookup: async (host) =>
        (await (isOurs(host) ? resolvers.named : resolvers.public)(host.toLowerCase()))[0]!.address,
    }),
  ];
}
