import { z } from "zod";
import { moment } from "../input/text.ts";

export const identityView = z.object({
  type: z.enum(["service_token", "user", "operator"]),
  id: z.uuid(),
  name: z.string(),
  via: z.enum(["token", "session", "federation"]),
  email: z.string().nullable().describe("The address of a person who signed in; null for a token."),
  factorAt: moment.nullable().describe("When a person last proved a second factor in this session."),
  tenant: z
    .object({ id: z.uuid(), slug: z.string() })
    .nullable()
    .describe("A service token's or a member's tenant; null for an operator."),
  actions: z.array(z.string()).describe("All that it may do somewhere."),
  projects: z
    .array(z.uuid())
    .nullable()
    .describe("All projects that it may do something in; null: every one."),
  environments: z.array(z.uuid()).nullable(),
  grants: z
    .array(
      z.object({
        actions: z.array(z.string()),
        projects: z.array(z.uuid()).nullable(),
        environments: z.array(z.uuid()).nullable(),
        prefix: z.string().nullable().describe("Only secrets whose names begin so; null: all."),
        expiresAt: moment.nullable(),
      }),
    )
    .nullable()
    .describe("What it may do where; null for an operator, who is not narrowed to places."),
  until: moment.nullable().describe("When token or session ends."),
});
export type IdentityView = z.infer<typeof identityView>;
