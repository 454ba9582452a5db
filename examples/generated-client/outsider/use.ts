import createClient from "openapi-fetch";
import type { paths } from "./schema.d.ts";

/** Sets, reads and lists through a client that knows the API by its OpenAPI document alone. */
export async function use(baseUrl: string, token: string): Promise<unknown> {
  const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
  const set = await api.PUT("/api/secrets", {
    body: { name: "STRIPE_KEY", value: "sk_test_not_a_real_key" },
  });
  const id: string = set.data!.id;
  const read = await api.GET("/api/secrets/{id}", { params: { path: { id } } });
  const value: string = read.data!.value;
  const list = await api.GET("/api/secrets", { params: { query: { limit: 10 } } });
  const names: string[] = list.data!.secrets.map(({ name }) => name);
  // @ts-expect-error a list has no values
  list.data!.secrets[0]?.value;
  // @ts-expect-error a value is text
  void (() => api.PUT("/api/secrets", { body: { name: "A", value: 1 } }));
  // @ts-expect-error there is no such route
  void (() => api.GET("/api/nothing"));
  const missing = await api.GET("/api/reveal", { params: { query: { name: "MISSING" } } });
  const code: string = missing.error!.code;
  return { version: set.data!.version, value, names, code };
}
