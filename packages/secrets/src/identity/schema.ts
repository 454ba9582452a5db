import { z } from "zod";
import { moment } from "../input/text.ts";

export const identityView = z.object({
  type: z.enum(["service_token", "operator"]),
  id: z.uuid(),
  name: z.string(),
  via: z.enum(["token", "session"]),
  tenant: z
    .object({ id: z.uuid(), slug: z.string() })
    .nullable()
    .describe("A service token's tenant; null for an operator."),
  actions: z.array(z.string()),
  projects: z.array(z.uuid()).nullable(),
  environments: z.array(z.uuid()).nullable(),
  until: moment.nullable().describe("When token or session ends."),
});
export type IdentityView = z.infer<typeof identityView>;
