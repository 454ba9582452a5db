import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";

let folder: string;
let served: Served;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-panel-"));
  const dist = join(folder, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(dist, "index.html"), "<!doctype html><title>panel</title>");
  await writeFile(join(dist, "assets", "index-DHc0mR1d.js"), "console.log(1)");
  await writeFile(join(dist, "favicon.svg"), "<svg/>");
  await writeFile(join(folder, "outside.txt"), "not for anyone");
  await symlink(join(folder, "outside.txt"), join(dist, "link.txt"));
  served = await serveHouse({ panelDir: dist });
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true });
});

/** fetch tidies an address; an attacker does not. */
const rawGet = (path: string) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    request({ port: Number(new URL(served.url).port), host: "127.0.0.1", path }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    })
      .on("error", reject)
      .end();
  });

test("the panel's pages are index.html, never kept by a browser; hashed files are kept for ever", async () => {
  for (const path of ["/", "/index.html", "/tenants/acme/secrets", "/t/acme/default/v1.2"]) {
    const page = await served.call(path);
    expect(page.text).toContain("<title>panel</title>");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  }
  const script = await served.call("/assets/index-DHc0mR1d.js");
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect((await served.call("/favicon.svg")).headers.get("cache-control")).toBe("no-store");
});

test("a file that is not there, and an address of the API that is not there, are no page of the panel", async () => {
  for (const path of ["/assets/index-00000000.js", "/api/nothing", "/session/x", "/metrics/x"])
    expect([path, (await served.call(path)).status]).toEqual([path, 404]);
});

test.each([
  "/../outside.txt",
  "/assets/../../outside.txt",
  "/..%2foutside.txt",
  "/%2e%2e/outside.txt",
  "/assets/..%5c..%5coutside.txt",
  "/link.txt",
  "/index.html%00.txt",
  "//etc/passwd",
])("%s leads nowhere outside the folder", async (path) => {
  expect((await rawGet(path)).text).not.toContain("not for anyone");
});
