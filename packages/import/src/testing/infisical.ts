import type { Answer, Asked } from "./service.ts";

/** A secret as Infisical's list has it. */
export const infisicalSecret = (secretPath: string, secretKey: string, secretValue: string, more = {}) => ({
  id: "1",
  workspace: "p",
  secretPath,
  secretKey,
  secretValue,
  secretValueHidden: false,
  type: "shared",
  version: 1,
  ...more,
});

/**
 * Infisical's API, as https://infisical.com/docs/api-reference has it: v4, or only the version before.
 * @param secrets by environment, those below /tenants
 */
export const infisicalApi =
  (versions: readonly string[], project: string, secrets: Record<string, readonly object[]>) =>
  ({ path, body, headers, query }: Asked): Answer => {
    if (path === "/api/v1/auth/universal-auth/login")
      return body.clientId === "client id" && body.clientSecret === "client secret"
        ? { json: { accessToken: "token", expiresIn: 7200, accessTokenMaxTTL: 43200, tokenType: "Bearer" } }
        : {
            status: 401,
            json: { statusCode: 401, message: "Invalid credentials", error: "UnauthorizedError" },
          };
    if (!versions.includes(path))
      return {
        status: 404,
        json: { message: `Route GET:${path} not found`, error: "Not Found", statusCode: 404 },
      };
    if (headers.authorization !== "Bearer token") return { status: 401, json: { message: "Token missing" } };
    const named = query.get(path === "/api/v4/secrets" ? "projectId" : "workspaceId");
    if (named !== project || query.get("recursive") !== "true") return { status: 400, json: {} };
    const found = secrets[query.get("environment") ?? ""];
    if (found === undefined)
      return { status: 404, json: { message: "Folder with path '/tenants' not found", statusCode: 404 } };
    return { json: { secrets: found, imports: [] } };
  };
