import type { SecretsManagerClient, SecretsManagerClientConfig } from "@aws-sdk/client-secrets-manager";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { type Entry, type Source, SourceError } from "../entry.ts";
import { type AwsPlace, code, entryOf, refusedOf } from "./aws-names.ts";

export interface AwsSecretsManagerOptions extends AwsPlace {
  region: string;
  /** The default chain of AWS's SDK when left out. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Another endpoint than the region's own. */
  url?: string;
}

/** What one BatchGetSecretValue takes. */
const AT_ONCE = 20;

/**
 * AWS Secrets Manager, through AWS's SDK: ListSecrets, and BatchGetSecretValue for the current version of each
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html). A value that is JSON stays
 * the JSON that it is; a binary one stays bytes. What is scheduled for deletion is not listed.
 */
export function awsSecretsManagerSource(options: AwsSecretsManagerOptions): Source {
  const base = (options.path ?? "").replace(/^\/+|\/+$/g, "");
  return {
    kind: "AWS Secrets Manager",
    async *read(signal) {
      const aws = await import("@aws-sdk/client-secrets-manager");
      const config: SecretsManagerClientConfig = { region: options.region, maxAttempts: 5 };
      if (options.credentials !== undefined) config.credentials = options.credentials;
      if (options.url !== undefined) config.endpoint = options.url;
      const client = new aws.SecretsManagerClient(config);
      try {
        for await (const names of pagesOf(aws, client, signal)) {
          const inside = names.filter((name) => base === "" || name.startsWith(`${base}/`));
          for (let at = 0; at < inside.length; at += AT_ONCE)
            yield* valuesOf(aws, client, inside.slice(at, at + AT_ONCE), signal);
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw error instanceof SourceError ? error : new SourceError(sentenceOf(error, options.region));
      } finally {
        client.destroy();
      }
    },
  };

  async function* valuesOf(
    aws: Sdk,
    client: SecretsManagerClient,
    names: string[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Entry> {
    const asked = new aws.BatchGetSecretValueCommand({ SecretIdList: names });
    const { SecretValues = [], Errors = [] } = await client.send(asked, until(signal));
    const refused = refusedOf(Errors);
    if (refused !== null) throw new SourceError(`AWS Secrets Manager does not give the value of ${refused}.`);
    for (const { Name, SecretString, SecretBinary } of SecretValues) {
      const bytes = SecretString === undefined ? SecretBinary : Buffer.from(SecretString, "utf8");
      if (Name === undefined || bytes === undefined) continue;
      const entry = entryOf(Name, SecretValue.takeOverGiven(Buffer.from(bytes)), options);
      if (entry !== null) yield entry;
    }
  }
}

const until = (abortSignal: AbortSignal | undefined) => (abortSignal === undefined ? {} : { abortSignal });

type Sdk = typeof import("@aws-sdk/client-secrets-manager");

async function* pagesOf(aws: Sdk, client: SecretsManagerClient, signal: AbortSignal | undefined) {
  let next: string | undefined;
  do {
    const asked = new aws.ListSecretsCommand({
      MaxResults: 100,
      ...(next === undefined ? {} : { NextToken: next }),
    });
    const { SecretList = [], NextToken } = await client.send(asked, until(signal));
    yield SecretList.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
    next = NextToken;
  } while (next !== undefined);
}

function sentenceOf(error: unknown, region: string): string {
  const { name } = (error ?? {}) as { name?: unknown };
  if (name === "CredentialsProviderError" || name === "UnrecognizedClientException")
    return "AWS does not know these credentials. Are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, right?";
  if (name === "AccessDeniedException")
    return "AWS does not let these credentials list secrets and read their values: they need secretsmanager:ListSecrets, BatchGetSecretValue and GetSecretValue.";
  return `AWS Secrets Manager in ${region} could not be read (${code(name)}).`;
}
