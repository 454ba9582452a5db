import { z } from "zod";
import { displayName } from "../input/text.ts";

/** What takes two people: changes, or (all) what people reveal too. */
export const protection = z.enum(["changes", "all"]);
export type Protection = z.infer<typeof protection>;

/** Who gets at a secret besides what roles and scopes say. */
export const accessPolicy = z.strictObject({
  services: z
    .array(displayName)
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe("The consumers' names that tokens may have, as whoever made them said; null: any."),
  environments: z
    .array(z.uuid())
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe("Ids of environments that the right itself must be confined to; null: it need not be."),
  mfa: z
    .boolean()
    .default(false)
    .describe("Only for people who proved a second factor in the last five minutes; never for a machine."),
  writeOnly: z.boolean().default(false).describe("No person reveals its values; services do."),
  approvals: protection
    .nullable()
    .default(null)
    .describe(
      "What takes two people: `changes`, or `all`, what people reveal too; null: what the environment says.",
    ),
});
export type AccessPolicy = z.infer<typeof accessPolicy>;

/** One spelling per policy, so that it can be authenticated; null for one that asks for nothing. */
export function normalPolicy(policy: AccessPolicy | null): AccessPolicy | null {
  if (policy === null) return null;
  const sorted = (list: string[] | null) => list && [...new Set(list)].sort();
  const { services, environments, mfa, writeOnly, approvals } = policy;
  if (services === null && environments === null && !mfa && !writeOnly && approvals === null) return null;
  return { services: sorted(services), environments: sorted(environments), mfa, writeOnly, approvals };
}
