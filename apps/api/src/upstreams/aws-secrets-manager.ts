import type { SecretsManagerClient, SecretsManagerClientConfig } from "@aws-sdk/client-secrets-manager";
import type { AskedUpstream } from "@keyfold/secrets";
import { nameSegments, segmentsOf } from "./paths.ts";

export interface AwsSecretsManagerUpstream {
  region: string;
  /** The folder of a place, such as tenants/{tenant}. */
  path: string;
  /** Left out: AWS's SDK finds credentials where it always does. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Another endpoint than the region's own. */
  url?: string;
}

/** There is no such secret, none has a current version, or it is scheduled for deletion. */
const ABSENT: ReadonlySet<unknown> = new Set(["ResourceNotFoundException", "InvalidRequestException"]);

/**
 * One secret of AWS Secrets Manager, through AWS's SDK (GetSecretValue,
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html): the current version, named as the
 * importer names it. The SDK is loaded with the first read.
 */
export function readAwsSecretsManager(options: AwsSecretsManagerUpstream) {
  let client: Promise<SecretsManagerClient> | undefined;
  const made = async (): Promise<SecretsManagerClient> => {
    const aws = await import("@aws-sdk/client-secrets-manager");
    // A read has one time-out of its own: what is asked again is asked by the next read.
    const config: SecretsManagerClientConfig = { region: options.region, maxAttempts: 1 };
    if (options.credentials !== undefined) config.credentials = options.credentials;
    if (options.url !== undefined) config.endpoint = options.url;
    return new aws.SecretsManagerClient(config);
  };
  return async (asked: AskedUpstream, abortSignal: AbortSignal): Promise<Uint8Array | null> => {
    const folder = segmentsOf(options.path, asked);
    const name = nameSegments(asked.name);
    if (folder === null || name === null) return null;
    const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
    client ??= made();
    try {
      const command = new GetSecretValueCommand({ SecretId: [...folder, ...name].join("/") });
      const { SecretString, SecretBinary } = await (await client).send(command, { abortSignal });
      if (SecretString !== undefined) return Buffer.from(SecretString, "utf8");
      return SecretBinary ?? null;
    } catch (error) {
      if (ABSENT.has((error as { name?: unknown }).name)) return null;
      throw new Error("AWS Secrets Manager did not give a value"); // its own words may hold anything
    }
  };
}
