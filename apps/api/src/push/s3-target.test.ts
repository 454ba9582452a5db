import { CheckpointReader, decodeNoteKey } from "@keyfold/ledger";
import { createOutbound, parseAllow } from "@keyfold/outbound";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Sensitive } from "../config/sensitive.ts";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { isSigned, openBucket } from "../testing/s3-stand-in.ts";
import { pushRound } from "./checkpoints.ts";
import { s3Target } from "./s3-target.ts";

const KEY = { id: "AKIANOTAREALKEY", secret: "not-a-real-secret/+=", region: "eu-central-1" };

let house: House;
let bucket: Awaited<ReturnType<typeof openBucket>>;
let outbound: ReturnType<typeof createOutbound>;
let tenants = 0;
beforeAll(async () => {
  house = await openHouse();
  bucket = await openBucket(KEY);
  outbound = createOutbound({ allow: parseAllow("http://127.0.0.1") });
});
afterAll(async () => {
  await outbound.close();
  await bucket.close();
  await house.close();
});
beforeEach(async () => {
  bucket.serve();
  await house.tenant(`tenant-${++tenants}`);
  await house.server.makeCheckpoint();
});

/** A process that pushes there. */
function pushing(secret = KEY.secret, through: Parameters<typeof s3Target>[0] = outbound) {
  const lines: string[] = [];
  const storage = {
    url: `${bucket.url}/a-bucket/keyfold/`,
    region: KEY.region,
    keyId: KEY.id,
    secret: new Sensitive(secret),
  };
  const push = pushRound({
    keyfold: house.server,
    file: s3Target(through, storage, decodeNoteKey(house.server.publicKey)),
    log: createLog({ level: "trace", destination: { write: (line: string) => void lines.push(line) } }),
    metrics: createMetrics({ process: false }),
  });
  return { push, lines };
}

test("the stand-in's own check gives the signature of AWS's published example, and no other", () => {
  const headers = {
    date: "Fri, 24 May 2013 00:00:00 GMT",
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  };
  const example = { method: "PUT", path: "/test%24file.text", headers, body: "Welcome to Amazon S3." };
  const key = {
    id: "AKIAIOSFODNN7EXAMPLE",
    secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
  };
  expect(isSigned(example, key)).toBe(true);
  expect(isSigned({ ...example, body: "Welcome to Amazon S4." }, key)).toBe(false);
  expect(isSigned({ ...example, path: "/test" }, key)).toBe(false);
  expect(isSigned(example, { ...key, secret: "another" })).toBe(false);
});

test("each checkpoint is an object of its own, signed for, never replaced; in the order of their names they are a file of checkpoints", async () => {
  const one = pushing();
  const two = pushing();
  const before = bucket.objects.size;
  await one.push();
  await one.push();
  const [path, body] = [...bucket.objects].at(-1)!;
  expect(bucket.objects.size).toBe(before + 1);
  expect(path).toMatch(/^\/a-bucket\/keyfold\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/\d{12}-[0-9a-f]{16}\.jsonl$/);
  expect(path).toContain(house.server.deployment.id);
  // Another process has the same one: it is there, and stays.
  const asked = bucket.received.length;
  bucket.objects.set(path, "what came first");
  await two.push();
  expect(bucket.received.length).toBe(asked + 1);
  expect(bucket.objects.get(path)).toBe("what came first");
  bucket.objects.set(path, body);
  await house.tenant("next");
  await house.server.makeCheckpoint();
  await one.push();
  await two.push();
  const reader = new CheckpointReader([decodeNoteKey(house.server.publicKey)]);
  const names = [...bucket.objects.keys()].slice(before).sort();
  for (const name of names)
    for (const line of bucket.objects.get(name)!.split("\n").slice(0, -1)) reader.add(line);
  expect({ refused: reader.refused, lines: names.length }).toEqual({ refused: 0, lines: 2 });
  expect(reader.newest!.proof.note).toBe((await house.server.newestCheckpoint())!.note);
  expect([...one.lines, ...two.lines]).toEqual([]);
});

test("a storage that refuses, fails, sends elsewhere or does not answer is told by name, and gets the checkpoint with the next round", async () => {
  const { push, lines } = pushing();
  const answers: [Parameters<typeof bucket.answer>[0], RegExp][] = [
    [
      (response) => response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>"),
      /answered 503 \(SlowDown\)/,
    ],
    [(response) => response.writeHead(500).end("canary"), /answered 500"/],
    [(response) => response.writeHead(307, { location: `${bucket.url}/elsewhere` }).end(), /answered 307"/],
    [(response) => void response.destroy(), /storage failed: /],
  ];
  for (const [answer, told] of answers) {
    const asked = bucket.received.length;
    bucket.answer(answer);
    await push();
    expect(lines.at(-1)).toMatch(told);
    expect(bucket.received.length).toBe(asked + 1);
  }
  const hurried = createOutbound({ allow: parseAllow("http://127.0.0.1"), timeoutMs: 200 });
  const impatient = pushing(KEY.secret, hurried);
  bucket.answer(() => {});
  await impatient.push();
  await hurried.close();
  expect(impatient.lines.at(-1)).toMatch(/storage failed: timeout/);
  const stored = bucket.objects.size;
  bucket.serve();
  await push();
  expect(bucket.objects.size).toBe(stored + 1);
  // In full, since nobody knows what of the ones before is there.
  expect(JSON.parse([...bucket.objects.values()].at(-1)!)).toMatchObject({ v: 1, full: true });
  expect(lines.join("")).not.toContain("canary");
});

test("a key that the storage does not know is refused by its name, and no log holds it", async () => {
  const { push, lines } = pushing("another-secret-that-is-not-real");
  await push();
  expect(lines.join("")).toContain("answered 403 (SignatureDoesNotMatch)");
  expect(lines.join("")).not.toMatch(/another-secret|AKIANOTAREALKEY|Signature=/);
});

test("an address inside the network is refused where nobody allowed it", async () => {
  const guarded = createOutbound();
  expect(() => pushing(KEY.secret, guarded)).toThrow(/^KEYFOLD_CHECKPOINT_S3_URL: Only https/);
  await guarded.close();
});
