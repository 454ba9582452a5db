import { SecretValue } from "@keyfold/envelope/secret-value";
import { z } from "zod";
import { type Source, SourceError } from "../entry.ts";
import { type Asking, ask } from "./http.ts";

export interface GoogleSecretManagerOptions extends Omit<Asking, "who" | "url"> {
  /** `https://secretmanager.googleapis.com` by default; a region's own where secrets are regional. */
  url?: string;
  /** An OAuth access token, as `gcloud auth print-access-token` gives it. */
  token: string;
  /** The project, by id or number. */
  projectId: string;
  /** The label that says whose tenant a secret is; null: there are no tenants. */
  tenantLabel?: string | null;
}

const listAnswer = z.object({
  secrets: z
    .array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()).optional() }))
    .default([]),
  nextPageToken: z.string().optional(),
});
const accessAnswer = z.object({ payload: z.object({ data: z.string().default("") }) });
const refusal = z.object({ error: z.object({ status: z.string() }) });

/**
 * Google Secret Manager, through its REST API (https://cloud.google.com/secret-manager/docs/reference/rest): the latest version
 * of each secret of a project. What has none, or a latest one that is disabled or destroyed, is left out.
 */
export function googleSecretManagerSource(options: GoogleSecretManagerOptions): Source {
  const asking: Asking = {
    ...options,
    url: options.url ?? "https://secretmanager.googleapis.com",
    who: "Google Secret Manager",
  };
  const headers = { authorization: `Bearer ${options.token}` };
  const project = encodeURIComponent(options.projectId);
  return {
    kind: "Google Secret Manager",
    async *read(signal) {
      let pageToken = "";
      do {
        const query = new URLSearchParams({ pageSize: "250", ...(pageToken === "" ? {} : { pageToken }) });
        const listed = await ask(asking, `/v1/projects/${project}/secrets?${query}`, { headers, signal });
        refuse(listed.status, `list the secrets of ${options.projectId}`);
        const page = listAnswer.safeParse(listed.json);
        if (!page.success) throw new SourceError("Google Secret Manager's list is not known here.");
        for (const { name, labels } of page.data.secrets) {
          const id = name.split("/").at(-1)!;
          const tenant = options.tenantLabel == null ? null : (labels?.[options.tenantLabel] ?? null);
          if (options.tenantLabel != null && tenant === null) continue; // nobody's
          const path = `/v1/projects/${project}/secrets/${encodeURIComponent(id)}/versions/latest:access`;
          const { status, json } = await ask(asking, path, { headers, signal });
          const why = refusal.safeParse(json);
          if (status === 404 || (why.success && why.data.error.status === "FAILED_PRECONDITION")) continue;
          refuse(status, `read the value of ${id}`);
          const answer = accessAnswer.safeParse(json);
          if (!answer.success)
            throw new SourceError(`Google Secret Manager's answer for ${id} is not known here.`);
          yield {
            from: id,
            tenant,
            project: null,
            environment: null,
            name: id,
            value: SecretValue.takeOverGiven(Buffer.from(answer.data.payload.data, "base64")),
          };
        }
        pageToken = page.data.nextPageToken ?? "";
      } while (pageToken !== "");
    },
  };
}

function refuse(status: number, what: string): void {
  if (status === 401)
    throw new SourceError(
      "Google does not take this access token; they live for an hour. Get one with: gcloud auth print-access-token",
    );
  if (status === 403 || status === 404)
    throw new SourceError(
      `Google does not let this account ${what}: it needs the role Secret Manager Secret Accessor, and Viewer to list.`,
    );
  if (status !== 200)
    throw new SourceError(`Google Secret Manager answered ${status} when asked to ${what}.`);
}
