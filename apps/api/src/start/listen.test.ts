import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificate } from "@keyfold/outbound/testing";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AppEnv } from "../http/facts.ts";
import { listen } from "./listen.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-listen-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("TLS files that are missing, or that hold no certificate, are named in a sentence", async () => {
  const missing = { certFile: join(folder, "none.pem"), keyFile: join(folder, "none.pem") };
  await expect(listen(new Hono<AppEnv>(), { host: "127.0.0.1", port: 0, tls: missing })).rejects.toThrow(
    `KEYFOLD_TLS_CERT_FILE cannot be read: ${missing.certFile} (ENOENT).`,
  );
  const certFile = join(folder, "cert.pem");
  await writeFile(certFile, "not a certificate");
  await expect(
    listen(new Hono<AppEnv>(), { host: "127.0.0.1", port: 0, tls: { certFile, keyFile: certFile } }),
  ).rejects.toThrow("do not hold a certificate and its private key in PEM");
});

test("with TLS files it speaks TLS, under the certificate that it was given", async () => {
  const [certFile, keyFile] = [join(folder, "own-cert.pem"), join(folder, "own-key.pem")];
  const { cert, key } = await certificate("DNS:localhost");
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const app = new Hono<AppEnv>();
  app.get("/", (c) => c.text("over TLS"));
  const server = await listen(app, { host: "127.0.0.1", port: 0, tls: { certFile, keyFile } });
  try {
    const text = await new Promise<string>((resolve, reject) => {
      get({ host: "127.0.0.1", servername: "localhost", port: server.port, ca: cert }, (answer) => {
        answer.setEncoding("utf8").on("data", resolve);
      }).on("error", reject);
    });
    expect(text).toBe("over TLS");
  } finally {
    await server.close();
  }
});

test("what is no request that the app could be asked is a problem, not silence", async () => {
  const server = await listen(new Hono<AppEnv>(), { host: "127.0.0.1", port: 0, tls: null });
  const text = await new Promise<string>((resolve, reject) => {
    let received = "";
    const socket = connect(server.port, "127.0.0.1", () => {
      socket.write("GET / HTTP/1.1\r\nHost: a b@c\r\nConnection: close\r\n\r\n");
    });
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("end", () => resolve(received)).on("error", reject);
  });
  await server.close();
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain("application/problem+json");
});

test("a request that is under way when the server stops is answered first", async () => {
  const app = new Hono<AppEnv>();
  let entered = (): void => {};
  let finish = (): void => {};
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const allowed = new Promise<void>((resolve) => {
    finish = resolve;
  });
  app.get("/", async (c) => {
    entered();
    await allowed;
    return c.text("done");
  });
  const server = await listen(app, { host: "127.0.0.1", port: 0, tls: null });
  const answer = fetch(`http://127.0.0.1:${server.port}/`);
  await inside;
  const closed = server.close();
  finish();
  expect(await (await answer).text()).toBe("done");
  await closed;
  await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow();
});
