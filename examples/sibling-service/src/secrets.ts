import { defineSecrets } from "@keyfold/client";
import { z } from "zod";

/** What this service needs of a tenant, and what it must look like. */
export const secrets = defineSecrets({
  WEBHOOK_SIGNING_SECRET: z.string().startsWith("whsec_"),
  WEBHOOK_TOLERANCE_SECONDS: z.coerce.number().int().min(1),
});
