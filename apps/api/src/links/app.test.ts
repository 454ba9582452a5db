import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";

let folder: string;
let served: Served;
let token: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-links-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>panel</title>");
  await writeFile(join(folder, "links.html"), "<!doctype html><title>a link</title>");
  await writeFile(join(folder, "assets", "links-DHc0mR1d.js"), "console.log(1)");
  served = await serveHouse({ panelDir: folder });
  ({ token } = await served.house.tenant("acme"));
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true });
});

const VALUE = "sk_test_not_a_real_key";
const UNKNOWN = "5b0f3c1e-0000-4000-8000-000000000000";
const request = async (body: object) =>
  (await served.call("/api/links/requests", { token, body: { name: "K", ...body } })).json as { url: string };
const get = (url: string) => fetch(url);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(served.linksUrl + path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-keyfold": "panel", ...headers },
    body: JSON.stringify(body),
  });
const held = (url: string) => ({
  id: new URL(url).pathname.split("/")[2],
  secret: new URL(url).hash.slice(1),
});

test("a link's page stands in the frames of the sites that it names, and of no others", async () => {
  const framed = await request({ origins: ["https://app.example.com", "https://admin.example.com"] });
  const answer = await get(framed.url);
  expect(await answer.text()).toContain("a link");
  expect(answer.headers.get("content-security-policy")).toContain(
    "frame-ancestors https://app.example.com https://admin.example.com",
  );
  expect(answer.headers.get("x-frame-options")).toBeNull();
  const plain = await get((await request({})).url);
  const none = await get(`${served.linksUrl}/l/${UNKNOWN}`);
  const odd = await get(`${served.linksUrl}/l/nonsense`);
  const shown = async (page: Response) => {
    const headers = Object.fromEntries(page.headers);
    for (const own of ["x-correlation-id", "date"]) delete headers[own];
    return [page.status, headers, await page.text()];
  };
  expect(await shown(none)).toEqual(await shown(plain));
  expect(odd.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(odd.headers.get("x-frame-options")).toBe("DENY");
});

test("nothing of the panel and the API is at the links' origin, and the links' page is not at the panel's", async () => {
  for (const path of [
    "/",
    "/index.html",
    "/sign-in",
    "/api/secrets",
    "/trpc/identity.get",
    "/session",
    "/healthz",
  ])
    expect((await get(served.linksUrl + path)).status, path).toBe(404);
  expect((await get(`${served.linksUrl}/assets/links-DHc0mR1d.js`)).status).toBe(200);
  expect((await served.call("/links.html")).text).not.toContain("a link");
  expect((await served.call("/links/look", { body: {} })).status).toBe(404);
  const answers = await Promise.all([get(served.linksUrl), post("/links/look", {})]);
  for (const answer of answers) expect(answer.headers.get("set-cookie")).toBeNull();
});

test("a value is handed in, and one shared is opened, by JSON from the page itself only", async () => {
  const { url } = await request({});
  const look = await post("/links/look", held(url));
  expect([look.status, await look.json()]).toMatchObject([200, { kind: "request", label: "K" }]);
  const foreign = { origin: "https://evil.example.com" };
  expect((await post("/links/hand-in", { ...held(url), value: VALUE }, foreign)).status).toBe(403);
  expect((await post("/links/hand-in", { ...held(url), value: VALUE }, { "x-keyfold": "" })).status).toBe(
    403,
  );
  expect((await get(`${served.linksUrl}/links/hand-in`)).status).toBe(405);
  const receipt = await post("/links/hand-in", { ...held(url), value: VALUE });
  expect([receipt.status, await receipt.json()]).toMatchObject([200, { reference: held(url).id }]);
  const again = await post("/links/hand-in", { ...held(url), value: VALUE });
  expect([again.status, await again.json()]).toMatchObject([410, { code: "link_ended" }]);
  const shared = (await served.call("/api/links/shares", { token, body: { value: VALUE } })).json;
  const opened = await post("/links/open", held(shared.url));
  expect(await opened.json()).toEqual({ value: VALUE, encoding: "utf8" });
  const read = await served.call("/api/reveal?name=K", { token });
  expect(read.json.value).toBe(VALUE);
  for (const secret of [VALUE, held(url).secret!, held(shared.url).secret!])
    expect(served.lines.join("\n")).not.toContain(secret);
});
