import { randomBytes } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { RotatorError } from "./error.ts";
import { defineRotator } from "./rotator.ts";

const config = z.strictObject({
  /** How many random bytes: 16 to 64, 32 by default. */
  bytes: z.int().min(16).max(64).default(32),
  format: z.enum(["base64url", "hex"]).default("base64url"),
  /** Stands before the random part, so that a leaked key tells whose it is. */
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{0,32}$/, "a prefix is up to 32 of A-Z a-z 0-9 _ . -")
    .default(""),
});

/** Random keys for an interface of your own, which reads the valid ones from Keyfold. */
export const apiKeyRotator = defineRotator({
  kind: "api-key",
  title: "API key: random bytes as base64url or hex, with a prefix",
  config,
  state: z.strictObject({}),
  worksAtOnce: () => Number.POSITIVE_INFINITY,
  async make({ config }) {
    const random = randomBytes(config.bytes);
    const value = SecretValue.ofText(config.prefix + random.toString(config.format));
    random.fill(0);
    return { value, state: {} };
  },
  async test({ config, pending }) {
    const text = (await pending()).unsafelyText();
    const random = text.slice(config.prefix.length);
    const bytes = Buffer.from(random, config.format);
    if (
      !text.startsWith(config.prefix) ||
      bytes.length !== config.bytes ||
      bytes.toString(config.format) !== random
    )
      throw new RotatorError("test_failed");
  },
});
