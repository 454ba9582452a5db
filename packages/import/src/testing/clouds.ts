import type { Answer, Asked } from "./service.ts";

/** Fake, and in the refusals, where it must not come from. */
const VALUE = "sk_test_not_a_real_key";

/** JSON 1.1 as https://docs.aws.amazon.com/secretsmanager/latest/apireference/ has it. */
export const awsApi =
  (values: Record<string, string | Uint8Array>) =>
  ({ headers, body }: Asked): Answer => {
    if (
      !/^AWS4-HMAC-SHA256 Credential=AKIDFAKE\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request, /.test(
        headers.authorization ?? "",
      )
    )
      return { status: 400, json: { __type: "UnrecognizedClientException", message: VALUE } };
    const names = Object.keys(values).sort();
    const target = String(headers["x-amz-target"]);
    if (target === "secretsmanager.ListSecrets") {
      const from = Number(body.NextToken ?? 0);
      const next = from + 30 < names.length ? { NextToken: String(from + 30) } : {};
      return { json: { SecretList: names.slice(from, from + 30).map((Name) => ({ Name })), ...next } };
    }
    if (target !== "secretsmanager.BatchGetSecretValue" || body.SecretIdList.length > 20)
      return { status: 400, json: { __type: "InvalidParameterException", message: "no" } };
    const SecretValues = body.SecretIdList.map((Name: string) => {
      const value = values[Name]!;
      return typeof value === "string"
        ? { Name, SecretString: value }
        : { Name, SecretBinary: Buffer.from(value).toString("base64") };
    });
    return { json: { SecretValues, Errors: [] } };
  };

export interface GoogleSecret {
  id: string;
  /** Its label `tenant`. */
  tenant?: string;
  /** Of its latest version; left out: it has none. */
  value?: string;
  disabled?: boolean;
}

/** The project `shop`, three secrets on a page, as https://cloud.google.com/secret-manager/docs/reference/rest has it. */
export const googleApi =
  (secrets: readonly GoogleSecret[]) =>
  ({ path, query, headers }: Asked): Answer => {
    if (headers.authorization !== "Bearer ya29.fake")
      return { status: 401, json: { error: { code: 401, status: "UNAUTHENTICATED", message: VALUE } } };
    if (path === "/v1/projects/shop/secrets") {
      const from = Number(query.get("pageToken") ?? 0);
      const page = secrets.slice(from, from + 3).map(({ id, tenant }) => ({
        name: `projects/123/secrets/${id}`,
        ...(tenant === undefined ? {} : { labels: { tenant } }),
      }));
      const next = from + 3 < secrets.length ? { nextPageToken: String(from + 3) } : {};
      return { json: { secrets: page, ...next } };
    }
    const id = /^\/v1\/projects\/shop\/secrets\/(\w+)\/versions\/latest:access$/.exec(path)?.[1];
    const secret = secrets.find((one) => one.id === id);
    if (secret?.disabled)
      return {
        status: 400,
        json: { error: { code: 400, status: "FAILED_PRECONDITION", message: "is in DISABLED state" } },
      };
    if (secret?.value === undefined)
      return { status: 404, json: { error: { code: 404, status: "NOT_FOUND", message: "not found" } } };
    return { json: { name: id, payload: { data: Buffer.from(secret.value).toString("base64") } } };
  };

/**
 * The project `shop`, as https://docs.doppler.com/reference/secrets-list has it.
 * @param configs values by config and name; null: restricted
 */
export const dopplerApi =
  (configs: Record<string, Record<string, string | null>>) =>
  ({ path, query, headers }: Asked): Answer => {
    if (headers.authorization !== "Bearer dp.st.fake")
      return { status: 401, json: { messages: ["Invalid"], success: false } };
    if (path !== "/v3/configs/config/secrets" || query.get("project") !== "shop")
      return { status: 404, json: { messages: ["Could not find"], success: false } };
    const config = configs[query.get("config") ?? ""];
    if (config === undefined) return { status: 404, json: { success: false } };
    const of = (computed: string | null) => ({ raw: "a reference", computed, note: "" });
    return {
      json: { secrets: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, of(value)])) },
    };
  };
