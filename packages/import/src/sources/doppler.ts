import { SecretValue } from "@keyfold/envelope/secret-value";
import { z } from "zod";
import { type Source, SourceError } from "../entry.ts";
import { type Asking, ask } from "./http.ts";

export interface DopplerOptions extends Omit<Asking, "who" | "url"> {
  /** `https://api.doppler.com` by default. */
  url?: string;
  token: string;
  /** Doppler's project; left out for a service token, which knows its one. */
  project?: string;
  /** Doppler's configs, such as dev, stg, prd: each is an environment. */
  configs: readonly string[];
}

const answerShape = z.object({
  secrets: z.record(z.string(), z.object({ computed: z.string().nullish() })),
});
/** What Doppler puts beside the secrets, and is none. */
export const ITS_OWN: ReadonlySet<string> = new Set([
  "DOPPLER_PROJECT",
  "DOPPLER_ENVIRONMENT",
  "DOPPLER_CONFIG",
]);

/**
 * Configs of a Doppler project, through its API (https://docs.doppler.com/reference/secrets-list): values as the product reads
 * them, references between secrets expanded. Doppler knows no tenants.
 */
export function dopplerSource(options: DopplerOptions): Source {
  const asking: Asking = { ...options, url: options.url ?? "https://api.doppler.com", who: "Doppler" };
  const headers = { authorization: `Bearer ${options.token}` };
  return {
    kind: "Doppler",
    async *read(signal) {
      for (const config of options.configs) {
        const query = new URLSearchParams({
          ...(options.project === undefined ? {} : { project: options.project }),
          config,
          include_dynamic_secrets: "false",
        });
        const { status, json } = await ask(asking, `/v3/configs/config/secrets?${query}`, {
          headers,
          signal,
        });
        if (status === 401) throw new SourceError("Doppler does not take this token.");
        if (status === 403 || status === 404)
          throw new SourceError(`Doppler has no config ${config} here that this token may read.`);
        const answer = answerShape.safeParse(json);
        if (status !== 200 || !answer.success)
          throw new SourceError(`Doppler answered ${status} in a way that is not known here.`);
        for (const [name, { computed }] of Object.entries(answer.data.secrets)) {
          if (ITS_OWN.has(name)) continue;
          if (computed == null)
            throw new SourceError(
              `Doppler hides the value of ${config}/${name} from this token: it is restricted. Use a service token.`,
            );
          yield {
            from: `${config}/${name}`,
            tenant: null,
            project: null,
            environment: config,
            name,
            value: SecretValue.ofText(computed),
          };
        }
      }
    },
  };
}
