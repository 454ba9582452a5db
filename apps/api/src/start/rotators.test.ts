import { createOutbound, parseAllow } from "@keyfold/outbound";
import { type RotatorError, SecretValue } from "@keyfold/rotators";
import { expect, test } from "vitest";
import { rotatorsFor } from "./rotators.ts";

const ADMIN = { $secret: "00000000-0000-4000-8000-000000000001" };

const unsent = {
  post: () => Promise.reject(new Error("nothing is posted here")),
};

/** What comes of a rotator's set at an address: it is refused before, or the connection is tried in vain. */
async function reaching(host: string, allow: string): Promise<string> {
  const rotator = rotatorsFor({ rotationTargets: parseAllow(allow) }, () => unsent).find(
    ({ kind }) => kind === "postgres-user",
  )!;
  const account = SecretValue.ofText(`postgres://not:real@${host}:1/none?sslmode=disable`);
  const error = await rotator
    .set({
      config: rotator.parseConfig({ admin: ADMIN, user: "not" }),
      state: { user: "not" },
      rotation: "r",
      secret: { tenant: "t", id: "s", name: "S" },
      version: 2,
      now: new Date(),
      signal: new AbortController().signal,
      current: async () => account,
      pending: async () => account,
      credential: async () => account,
    })
    .catch((thrown: unknown) => thrown);
  return (error as RotatorError).targetCode ?? (error as RotatorError).code;
}

test("rotators reach no private address that the operator did not name, by number or by name", async () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]"])
    expect(await reaching(host, ""), host).toBe("address");
  expect(await reaching("127.0.0.1", "127.0.0.1")).toBe("ECONNREFUSED");
  expect(await reaching("localhost", "localhost")).toBe("ECONNREFUSED");
  expect(await reaching("127.0.0.1", "10.0.0.0/8, localhost")).toBe("address");
});

test("what an endpoint answers is read only where the operator lets rotators go, whatever webhooks may reach", async () => {
  const asking = async (allow: string) => {
    const http = rotatorsFor({ rotationTargets: parseAllow(allow) }, (rules) =>
      createOutbound({ allow: rules }),
    ).find(({ kind }) => kind === "http")!;
    const config = http.parseConfig({ url: "http://127.0.0.1:1/", signingSecret: ADMIN });
    const key = () => Promise.resolve(SecretValue.ofText(`whsec_${Buffer.alloc(32).toString("base64")}`));
    const error = await http
      .make({
        config,
        rotation: "r",
        secret: { tenant: "t", id: "s", name: "S" },
        version: 2,
        now: new Date(),
        signal: new AbortController().signal,
        current: key,
        credential: key,
      })
      .catch((thrown: unknown) => thrown);
    return (error as RotatorError).targetCode;
  };
  expect(await asking("")).toBe("refused_target");
  expect(await asking("http://127.0.0.1")).toBe("connect");
});
