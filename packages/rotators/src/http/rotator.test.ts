import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SecretValue } from "@keyfold/envelope";
import { createOutbound, type Outbound, parseAllow } from "@keyfold/outbound";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal, rotatorConformance } from "../testing/conformance.ts";
import { Rehearsal } from "../testing/rehearsal.ts";
import { httpRotator } from "./rotator.ts";

/** An endpoint that makes keys, lets two work, and takes signed messages only. */
const SIGNING = "00000000-0000-4000-8000-000000000001";
const credentials = {
  [SIGNING]: `whsec_${Buffer.from("not a real signing key, at all!").toString("base64")}`,
};
const webhook = new Webhook(credentials[SIGNING]!);
const keys = new Map<string, { value: string; works: boolean }>();
const behaviour = { down: false, loseSet: false, status: 0, answer: null as string | null };
const seen: { id: string; body: Record<string, unknown> }[] = [];
let server: Server;
let outbound: Outbound;
let config: { url: string; signingSecret: { $secret: string } };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (behaviour.down) return void request.socket.destroy();
    let text = "";
    for await (const chunk of request) text += String(chunk);
    try {
      webhook.verify(text, request.headers as Record<string, string>);
    } catch {
      return void response.writeHead(401).end();
    }
    const body = JSON.parse(text) as { step: string; rotation: string; reference?: string; value?: string };
    seen.push({ id: String(request.headers["webhook-id"]), body });
    if (behaviour.status !== 0 || behaviour.answer !== null)
      return void response.writeHead(behaviour.status || 200).end(behaviour.answer ?? "{}");
    const [status, answer] = act(body);
    if (behaviour.loseSet && body.step === "set") {
      behaviour.loseSet = false;
      return void request.socket.destroy();
    }
    response.writeHead(status).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  outbound = createOutbound({ allow: parseAllow("http://127.0.0.1") });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rotate`;
  config = { url, signingSecret: { $secret: SIGNING } };
});
afterAll(async () => {
  await outbound.close();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function act(body: {
  step: string;
  rotation: string;
  reference?: string;
  value?: string;
}): [number, unknown] {
  if (body.step === "make") {
    // The same rotation asks for the same key.
    const made = keys.get(body.rotation) ?? {
      value: `key-not-real-${randomBytes(8).toString("hex")}`,
      works: false,
    };
    keys.set(body.rotation, made);
    return [200, { value: made.value, reference: body.rotation }];
  }
  const key = keys.get(body.reference ?? "");
  if (body.step === "set") {
    if (key === undefined) return [404, {}];
    key.works = true;
  }
  if (body.step === "test") return key?.works && key.value === body.value ? [200, {}] : [409, {}];
  if (body.step === "undo" || body.step === "clean_up") {
    if (key !== undefined) key.works = false;
  }
  return [200, {}];
}

const rotator = () => httpRotator({ post: (post) => outbound.post(post) });
const start = async () => {
  const value = `key-not-real-first-${randomBytes(8).toString("hex")}`;
  keys.set(value, { value, works: true });
  return SecretValue.ofText(value);
};
const works = async (value: SecretValue) =>
  [...keys.values()].some((key) => key.works && key.value === value.unsafelyText());

test("every promise of a rotator is kept over HTTP", async () => {
  const checks = rotatorConformance({
    name: "http",
    rotator: rotator(),
    config,
    badConfigs: [{ url: "ftp://a.example/", signingSecret: { $secret: SIGNING } }, { url: config.url }, {}],
    credentials,
    start,
    works,
    target: {
      takeDown: () => {
        behaviour.down = true;
      },
      loseNextAnswer: () => {
        behaviour.loseSet = true;
      },
      heal: () => {
        behaviour.down = false;
        behaviour.loseSet = false;
      },
    },
  });
  for (const check of checks) await check.run();
});

async function rehearse(more: object = {}) {
  return new Rehearsal({
    rotator: rotator(),
    config: { ...config, ...more },
    credentials,
    current: await start(),
  });
}

test("a step that is sent again has the same id, and other steps have others", async () => {
  seen.length = 0;
  const rehearsal = await rehearse();
  rehearsal.begin();
  behaviour.loseSet = true;
  await refusal(rehearsal.drive());
  await rehearsal.drive();
  const steps = seen.map(({ body }) => body.step);
  expect(steps).toEqual(["make", "set", "set", "test", "finish"]);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(4);
  expect(seen[1]!.id).toBe(seen[2]!.id);
});

test.each([
  [503, "target_unavailable"],
  [429, "target_unavailable"],
])("an endpoint that answers %i is asked again later", async (status, code) => {
  const rehearsal = await rehearse();
  rehearsal.begin();
  behaviour.status = status;
  try {
    expect(await refusal(rehearsal.drive(), Object.values(credentials))).toBe(code);
  } finally {
    behaviour.status = 0;
  }
  expect(await rehearsal.drive()).toBe("done");
});

test.each([
  ["a refusal", 400, null],
  ["a redirect, which is not followed", 302, null],
  ["no JSON", 0, "a page"],
  ["no value", 0, "{}"],
  ["a reference that is no reference", 0, '{"value":"v","reference":"a value could hide here\\n"}'],
])("%s to make fails the rotation, and the old value stays", async (_, status, answer) => {
  const rehearsal = await rehearse();
  Object.assign(behaviour, { status, answer });
  try {
    expect(await rehearsal.rotate()).toBe("failed");
  } finally {
    Object.assign(behaviour, { status: 0, answer: null });
  }
  expect([rehearsal.progress.cause, rehearsal.versions.length]).toEqual(["target_refused", 1]);
});

test("an answer of 10 MB is not taken in", async () => {
  const rehearsal = await rehearse();
  behaviour.answer = JSON.stringify({ value: "x".repeat(10 * 1024 * 1024) });
  try {
    expect(await refusal(rehearsal.rotate())).toBe("target_unavailable");
  } finally {
    behaviour.answer = null;
  }
});

test("an address that may not be reached is refused, and nothing is sent there", async () => {
  seen.length = 0;
  for (const url of ["http://169.254.169.254/", "https://10.0.0.1/", "http://localhost/", "https://[::1]/"]) {
    const rehearsal = await rehearse({ url });
    expect(await rehearsal.rotate(), url).toBe("failed");
    expect(rehearsal.progress.cause).toBe("target_refused");
  }
  expect(seen).toEqual([]);
});

test("a signing secret of another form fails by name", async () => {
  const other = "00000000-0000-4000-8000-000000000002";
  const rehearsal = new Rehearsal({
    rotator: rotator(),
    config: { ...config, signingSecret: { $secret: other } },
    credentials: { [other]: "too short" },
    current: await start(),
  });
  expect(await rehearsal.rotate()).toBe("failed");
  expect(rehearsal.progress.cause).toBe("bad_credential");
});
