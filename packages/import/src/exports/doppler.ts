import { SecretValue } from "@keyfold/envelope/secret-value";
import { type Source, SourceError } from "../entry.ts";
import { fileSource, textOf } from "../files/file-source.ts";
import { ITS_OWN } from "../sources/doppler.ts";
import { documentsOf } from "./documents.ts";

/**
 * What Doppler's command line wrote: `doppler secrets download --no-file --format=json` of one config or of several, one after
 * the other (https://docs.doppler.com/docs/accessing-secrets). Each says in DOPPLER_CONFIG which config it is, and that is the environment.
 * @param configs only these; all of the file by default
 */
export const dopplerExportSource = (path: string, configs?: readonly string[]): Source =>
  fileSource("Doppler's export", path, function* (bytes) {
    const seen = new Set<string>();
    for (const document of documentsOf(textOf(bytes, path), path)) {
      if (typeof document !== "object" || document === null || Array.isArray(document))
        throw new SourceError(`${path} holds something else than answers of doppler secrets download.`);
      const secrets = Object.entries(document).map(
        ([name, value]) => [name, textIn(value)] as const, // `doppler secrets --json` has more to say of each
      );
      const config = secrets.find(([name]) => name === "DOPPLER_CONFIG")?.[1] ?? null;
      if (config !== null) seen.add(config);
      if (configs !== undefined && (config === null || !configs.includes(config))) continue;
      for (const [name, value] of secrets) {
        if (ITS_OWN.has(name)) continue;
        const from = config === null ? name : `${config}/${name}`;
        if (value === null) throw new SourceError(`${path} has no value of ${from}.`);
        yield { from, environment: config, name, value: SecretValue.ofText(value) };
      }
    }
    const missing = configs?.find((config) => !seen.has(config));
    if (missing !== undefined) throw new SourceError(`${path} has no config ${missing}.`);
  });

function textIn(value: unknown): string | null {
  if (typeof value === "string") return value;
  const { computed } = (value ?? {}) as { computed?: unknown };
  return typeof computed === "string" ? computed : null;
}
