import { createHmac } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { credentialSchema } from "../credential.ts";
import { RotatorError } from "../error.ts";
import { defineRotator, type Rotator, type Task } from "../rotator.ts";

/** Sends one request to an address that a tenant configured: the host's to guard. */
export type HttpPost = (post: {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  answerBytes: number;
  signal: AbortSignal;
}) => Promise<{ status: number; answer: Buffer | null } | { failure: string }>;

/** Most bytes of an answer. A value in it is bounded by the deployment besides. */
const ANSWER_BYTES = 256 * 1024;

const config = z.strictObject({
  /** Where each step is posted to. */
  url: z.url({ protocol: /^https?$/ }).max(2048),
  /** The secret that signs: `whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks has it. */
  signingSecret: credentialSchema,
  /** How many values work at the target at once; with 1, the old one ends when the new one is set. */
  worksAtOnce: z.int().min(1).max(100).default(2),
});

const madeSchema = z.object({
  value: z.string().min(1),
  encoding: z.enum(["utf8", "base64"]).default("utf8"),
  reference: z
    .string()
    .regex(/^[\w.:/-]{1,255}$/)
    .nullish(),
});

type HttpTask = Task<z.output<typeof config>>;

/**
 * Asks an endpoint of the tenant's own for a value, and has it set, tested, finished and undone there. Each step is a
 * signed message (Standard Webhooks); its id is the same however often it is sent, so that the endpoint can do it once.
 */
export function httpRotator(options: { post: HttpPost }): Rotator {
  async function send(
    task: HttpTask,
    step: string,
    more: Record<string, unknown> = {},
  ): Promise<Buffer | null> {
    const { config, rotation, secret, version, now, signal } = task;
    const body = JSON.stringify({ step, rotation, secret, version, ...more });
    const id = `${rotation}.${step}`;
    const timestamp = String(Math.floor(now.getTime() / 1000));
    const key = keyOf(await task.credential(config.signingSecret));
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
    key.fill(0);
    const outcome = await options.post({
      url: config.url,
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signature}`,
      },
      body,
      answerBytes: ANSWER_BYTES,
      signal,
    });
    if ("failure" in outcome)
      throw new RotatorError(
        REFUSED.has(outcome.failure) ? "target_refused" : "target_unavailable",
        outcome.failure,
      );
    const { status, answer } = outcome;
    if (status >= 200 && status < 300) return answer;
    if (status >= 500 || status === 429 || status === 408)
      throw new RotatorError("target_unavailable", status);
    throw new RotatorError(step === "test" ? "test_failed" : "target_refused", status);
  }

  const referenceOf = (state: { reference: string | null }) => ({ reference: state.reference });
  return defineRotator({
    kind: "http",
    title: "HTTP: an endpoint of your own makes, sets and tests the value",
    config,
    state: z.strictObject({ reference: z.string().max(255).nullable() }),
    worksAtOnce: ({ worksAtOnce }) => worksAtOnce,
    async make(task) {
      const made = madeSchema.safeParse(parse(await send(task, "make")));
      if (!made.success) throw new RotatorError("target_refused", "answer");
      const { value, encoding, reference } = made.data;
      return {
        value:
          encoding === "utf8" ? SecretValue.ofText(value) : SecretValue.ofBytes(Buffer.from(value, "base64")),
        state: { reference: reference ?? null },
      };
    },
    set: async (task) => void (await send(task, "set", referenceOf(task.state))),
    // It made the value, and is asked about exactly what was stored of it.
    async test(task) {
      const pending = await task.pending();
      const value = pending.unsafelyEncoded();
      await send(task, "test", { ...referenceOf(task.state), value, encoding: pending.encoding });
    },
    finish: async (task) => void (await send(task, "finish", referenceOf(task.state))),
    undo: async (task) => void (await send(task, "undo", referenceOf(task.state))),
    cleanUp: async (task) => void (await send(task, "clean_up", referenceOf(task.state))),
  });
}

/** What no later try mends: the address itself is not allowed, or is none. */
const REFUSED: ReadonlySet<string> = new Set(["refused_target"]);

function parse(answer: Buffer | null): unknown {
  try {
    return JSON.parse(answer?.toString("utf8") ?? "");
  } catch {
    return null;
  }
}

function keyOf(secret: SecretValue): Buffer {
  const [, text] = /^(?:whsec_)?([A-Za-z0-9+/]{32,88}={0,2})$/.exec(secret.unsafelyText()) ?? [];
  const key = Buffer.from(text ?? "", "base64");
  if (key.length < 24 || key.length > 64) throw new RotatorError("bad_credential");
  return key;
}
