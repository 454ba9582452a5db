import { type KeyfoldServer, type RequestInfo, requestInfo, verbs } from "@keyfold/secrets";

/** How many are made at once. */
const AT_ONCE = 8;

/** The tenant "bench" of an empty deployment: who runs it, and a token that may do everything in it. */
export async function benchTenant(keyfold: KeyfoldServer): Promise<{ operator: RequestInfo; token: string }> {
  const operator = requestInfo({ token: await keyfold.createOperatorToken("bench") });
  await keyfold.invoke(verbs.tenants.create, operator, { slug: "bench" });
  const { token } = await keyfold.invoke(verbs.tokens.create, operator, {
    tenant: "bench",
    name: "bench",
    preset: "admin",
  });
  return { operator, token: token! };
}

/** So many tenants. @returns the operator who made them */
export async function benchTenants(keyfold: KeyfoldServer, count: number): Promise<RequestInfo> {
  const operator = requestInfo({ token: await keyfold.createOperatorToken("bench") });
  for (let i = 0; i < count; i += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - i) }, (_, j) =>
        keyfold.invoke(verbs.tenants.create, operator, { slug: `bench-${i + j}` }),
      ),
    );
  return operator;
}
