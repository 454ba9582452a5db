import type { OutputOf, StandardSchema } from "./standard-schema.ts";

/**
 * A secret that is JSON, such as an OAuth client or a service account: parsed, then held against a schema.
 * @example defineSecrets({ GOOGLE: json(z.object({ client_email: z.email() })) })
 */
export function json<S extends StandardSchema>(schema: S): StandardSchema<string, OutputOf<S>> {
  return {
    "~standard": {
      version: 1,
      vendor: "keyfold",
      validate(text) {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text as string);
        } catch {
          return { issues: [{ message: "is not JSON" }] };
        }
        return schema["~standard"].validate(parsed) as never;
      },
    },
  };
}
