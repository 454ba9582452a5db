import { SecretValue } from "@keyfold/envelope/secret-value";
import { z } from "zod";
import { type Source, SourceError } from "../entry.ts";
import { fileSource, textOf } from "../files/file-source.ts";
import { documentsOf } from "./documents.ts";

const list = z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }));
const accessed = z.object({
  name: z.string().regex(/\/secrets\/[^/]+\/versions\/[^/]+$/),
  /** Base64 as gcloud writes it: for addresses, and padded. */
  payload: z.object({
    data: z
      .string()
      .regex(/^[\w+/-]*={0,2}$/)
      .default(""),
  }),
});

/**
 * What Google's command line wrote: the list of `gcloud secrets list --format=json`, and an answer of
 * `gcloud secrets versions access … --format=json` for each, one after the other
 * (https://cloud.google.com/secret-manager/docs/access-secret-version).
 * @param tenantLabel the label that says whose tenant a secret is; null: there are no tenants, and no list is needed
 */
export const googleExportSource = (path: string, tenantLabel: string | null): Source =>
  fileSource("Google Secret Manager's export", path, function* (bytes) {
    const listed = new Map<string, string | null>();
    const values = new Map<string, SecretValue>();
    for (const document of documentsOf(textOf(bytes, path), path)) {
      const secrets = list.safeParse(document);
      const version = accessed.safeParse(document);
      if (secrets.success)
        for (const { name, labels } of secrets.data)
          listed.set(idOf(name), tenantLabel === null ? null : (labels?.[tenantLabel] ?? null));
      else if (version.success)
        values.set(
          idOf(version.data.name),
          SecretValue.takeOverGiven(Buffer.from(version.data.payload.data, "base64")),
        );
      else
        throw new SourceError(
          `${path} holds something else than answers of gcloud secrets list and gcloud secrets versions access.`,
        );
    }
    if (tenantLabel !== null && listed.size === 0)
      throw new SourceError(
        `${path} says no labels, and so no tenants. Put the output of gcloud secrets list --format=json before the values, or say --one-tenant.`,
      );
    // What could not be read when the file was written would else be missed without a word.
    const lacking = [...listed].find(
      ([id, tenant]) => (tenantLabel === null || tenant !== null) && !values.has(id),
    );
    if (lacking !== undefined)
      throw new SourceError(
        `${path} lists ${lacking[0]}, and has no value of it: none that is enabled, or it could not be read. Export it, or leave it out of the list.`,
      );
    for (const [id, value] of values) {
      const tenant = listed.get(id) ?? null;
      if (tenantLabel === null || tenant !== null) yield { from: id, tenant, name: id, value };
    }
  });

/** Of `projects/123/secrets/ID` and `projects/123/secrets/ID/versions/1`. */
const idOf = (name: string): string =>
  /(?:^|\/secrets\/)([^/]+)(?:\/versions\/[^/]+)?$/.exec(name)?.[1] ?? name;
