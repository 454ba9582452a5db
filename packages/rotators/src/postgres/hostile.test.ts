import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { SecretValue } from "@keyfold/envelope";
import { afterEach, expect, test } from "vitest";
import { refusal } from "../testing/conformance.ts";
import { readAccount } from "./account.ts";
import type { Lookup } from "./reach.ts";
import { withSession } from "./session.ts";

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

/** A server that is no PostgreSQL, and means harm. */
async function hostile(connected: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => connected(socket));
  });
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const login = (host: string, port: number, lookup?: Lookup) =>
  withSession(
    readAccount(SecretValue.ofText(`postgres://not:real@${host}:${port}/none?sslmode=disable`))!,
    {
      mayReach: () => true,
      ...(lookup === undefined ? {} : { lookup }),
      signal: new AbortController().signal,
    },
    (session) => session.query("SELECT 1"),
  );

/** A message: its type, how long it says that it is, and the beginning of it. */
const message = (type: string, length: number, body = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from(type), Buffer.from(new Uint32Array([length]).buffer).swap32(), body]);

test("a server that answers without an end is left, before it has filled this process's memory", async () => {
  let sent = 0;
  const port = await hostile((socket) => {
    // "Welcome", and then a row of a gigabyte.
    socket.write(Buffer.concat([message("R", 8, Buffer.alloc(4)), message("Z", 5, Buffer.from("I"))]));
    socket.write(message("D", 0x3fff_ffff));
    const chunk = Buffer.alloc(64 * 1024);
    const flood = () => {
      while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
    };
    socket.on("drain", flood);
    flood();
  });
  expect(await refusal(login("127.0.0.1", port))).toBe("target_unavailable");
  expect(sent).toBeLessThan(512 * 1024 * 1024);
});

test("a server that wants a password hashed for hours is refused", async () => {
  const port = await hostile((socket) => {
    const mechanisms = Buffer.from("\0\0\0\x0aSCRAM-SHA-256\0\0", "latin1");
    socket.write(message("R", 4 + mechanisms.length, mechanisms));
    socket.once("data", (first) => {
      const nonce = /r=([^,]*)$/.exec(first.toString("latin1"))![1];
      const body = Buffer.from(`\0\0\0\x0br=${nonce}more,s=c2FsdA==,i=2000000000`, "latin1");
      socket.write(message("R", 4 + body.length, body));
    });
  });
  expect(await refusal(login("127.0.0.1", port))).toBe("target_unavailable");
});

test("names are asked of whoever the host says, and what they lead to is connected to", async () => {
  const asked: string[] = [];
  const port = await hostile((socket) => socket.destroy());
  const lookup = async (host: string) => {
    asked.push(host);
    return "127.0.0.1";
  };
  expect(await refusal(login("db.customer.example", port, lookup))).toBe("target_unavailable");
  expect(asked).toEqual(["db.customer.example"]);
  expect(await refusal(login("db.customer.example", port, () => Promise.reject(new Error("none"))))).toBe(
    "target_unavailable",
  );
});
