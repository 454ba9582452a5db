import { afterAll, beforeAll, expect, test } from "vitest";
import { parametersOf } from "./rest/route.ts";
import { routes } from "./rest/routes.ts";
import { type Served, serveHouse } from "./testing/index.ts";

interface Operation {
  operationId: string;
  summary: string;
  parameters: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: { properties: Record<string, unknown> } }> };
  responses: Record<string, unknown>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

let served: Served;
let document: Document;
beforeAll(async () => {
  served = await serveHouse();
  document = (await served.call("/api/openapi.json")).json;
});
afterAll(() => served.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

test("every route is in the document, and nothing else is", () => {
  const documented = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
  const served = routes.map((route) => `${route.method} /api${route.path.replace(/:(\w+)/g, "{$1}")}`);
  expect(documented.sort()).toEqual(served.sort());
});

test("every operation has an id of its own, a summary, its path's parameters and a success", () => {
  expect(document.openapi).toBe("3.1.1");
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations()) {
    expect(operation.summary).not.toBe("");
    const named = operation.parameters.filter((p) => p.in === "path" && p.required).map((p) => p.name);
    expect(named).toEqual(parametersOf(path.replace(/\{(\w+)\}/g, ":$1")));
    expect(Object.keys(operation.responses)).toContain("default");
    expect(Object.keys(operation.responses).some((status) => /^20[01]$/.test(status))).toBe(true);
  }
});

test("every $ref resolves within the document", () => {
  const refs: string[] = [];
  JSON.stringify(document, (key, value) => {
    if (key === "$ref") refs.push(value);
    return value;
  });
  expect(refs.length).toBeGreaterThan(0);
  for (const ref of refs) {
    const found = ref
      .replace(/^#\//, "")
      .split("/")
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
    expect(found, ref).toBeTypeOf("object");
  }
});

test("names are REST's: no declared name of the document is in camel case", () => {
  const names: string[] = [];
  const walk = (schema: unknown): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { properties } = schema as { properties?: Record<string, unknown> };
    if (properties) names.push(...Object.keys(properties));
    Object.values(schema).forEach(walk);
  };
  walk(document.paths);
  expect(names).toContain("rotated_from");
  expect(names.filter((name) => /[A-Z]/.test(name))).toEqual([]);
});

test("creating a secret takes project_id and no idempotency key in its body", () => {
  const { requestBody, parameters } = document.paths["/api/secrets"]!.post!;
  const { properties } = requestBody!.content["application/json"]!.schema;
  expect(Object.keys(properties)).toEqual(
    expect.arrayContaining(["project_id", "environment_id", "name", "value"]),
  );
  expect(properties).not.toHaveProperty("idempotency_key");
  expect(parameters).toContainEqual(expect.objectContaining({ name: "Idempotency-Key", in: "header" }));
});

test("the documentation's page loads its own files only, and no inline script", async () => {
  const page = await served.call("/api/docs");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.text).not.toMatch(/<script>|style=|https?:\/\//);
  // Swagger UI writes markup from texts, and is let: scripts are bound to its own files all the same.
  const policy = page.headers.get("content-security-policy");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain("trusted-types");
  for (const [, address] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const file = await served.call(address!);
    expect([address, file.status]).toEqual([address, 200]);
    expect(file.headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("an address without a parameter is never taken for somebody's id: another method of it is a 405", async () => {
  const { token } = await served.house.tenant("methods");
  const answer = await served.call("/api/secrets/bulk-get", { method: "PATCH", token, body: {} });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
});

test("names, reasons and places in bodies carry their limits, for programs that generate calls", () => {
  const { schema } = document.paths["/api/secrets"]!.put!.requestBody!.content["application/json"]!;
  expect(schema.properties.name).toMatchObject({
    type: "string",
    minLength: 1,
    maxLength: 255,
    pattern: expect.any(String),
  });
  expect(schema.properties.reason).toMatchObject({ minLength: 1, maxLength: 500 });
  expect(schema).toMatchObject({
    allOf: [{ not: { required: ["project", "project_id"] } }, expect.anything()],
  });
});
