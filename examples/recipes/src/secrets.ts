import { defineSecrets } from "@keyfold/client";
import { z } from "zod";

/** What these recipes need of a tenant: one secret that signs, and one that says who may call. */
export const secrets = defineSecrets({
  SIGNING_KEY: z.string().min(16),
  ALLOWED_ORIGIN: z.url(),
});
