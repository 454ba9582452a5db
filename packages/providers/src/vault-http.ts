import { failureOfStatus, ServiceFailure } from "./service-failure.ts";

/** No answer to a question of ours is longer; more is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface VaultAnswer {
  status: number;
  /** What the status means where it is no success; a 400 is the caller's to read. */
  failure: ServiceFailure | undefined;
  data: Record<string, unknown>;
  auth: Record<string, unknown>;
  /** Vault's own sentences: to be matched, never to be passed on. */
  errors: readonly string[];
}

export type VaultRequest = (
  path: string,
  body: object,
  options: { token?: string; signal: AbortSignal },
) => Promise<VaultAnswer>;

/** POSTs to Vault's API v1. No redirect is followed: the token would go along. @throws ServiceFailure, fetch's errors */
export function vaultRequests(base: string, namespace: string | undefined): VaultRequest {
  return async (path, body, { token, signal }) => {
    const response = await fetch(`${base}/v1/${path}`, {
      method: "POST",
      redirect: "error",
      signal,
      headers: {
        "content-type": "application/json",
        "x-vault-request": "true",
        ...(token === undefined ? {} : { "x-vault-token": token }),
        ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      },
      body: JSON.stringify(body),
    });
    const { status, headers } = response;
    const failure = failureOfStatus(status, headers.get("retry-after"));
    const text = await boundedText(response);
    const json = parsed(text);
    // An error may be answered by a proxy in whatever shape; a success must be Vault's.
    if (json === undefined && failure === undefined && status !== 400) throw new ServiceFailure("bad_answer");
    return {
      status,
      failure: failure ?? (status >= 300 && status !== 400 ? new ServiceFailure("refused_input") : undefined),
      data: recordOf(json?.data),
      auth: recordOf(json?.auth),
      errors: Array.isArray(json?.errors) ? json.errors.filter((error) => typeof error === "string") : [],
    };
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new ServiceFailure("bad_answer");
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  const text = bytes.toString("utf8");
  bytes.fill(0);
  return text;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
