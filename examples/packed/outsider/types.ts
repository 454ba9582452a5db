// Fails to compile when a type does not arrive: what is `any` makes an expected error disappear.
import { createKeyfold, isKeyfoldError } from "@keyfold/client";
import { lastKnownGoodFiles } from "@keyfold/client/node";
import { secrets } from "./secrets.ts";

export async function check(): Promise<void> {
  const keyfold = createKeyfold({ url: "https://keyfold.test", token: "kf_not_real" });
  // @ts-expect-error which secrets are kept must be said
  await lastKnownGoodFiles({ directory: "kept" });
  const acme = keyfold.tenant("acme", secrets);
  const seconds: number = await acme.get("WEBHOOK_TOLERANCE_SECONDS");
  // @ts-expect-error a number, by its declaration
  const text: string = await acme.get("WEBHOOK_TOLERANCE_SECONDS");
  // @ts-expect-error not declared
  await acme.get("WEBHOOK_SIGNING_SECRIT");
  const { value } = await keyfold.trpc.secrets.reveal.query({ name: "A" });
  // @ts-expect-error a value is text
  const wrong: number = value;
  // @ts-expect-error no such procedure
  await keyfold.trpc.secrets.nothing.query({});
  // @ts-expect-error not a code
  if (isKeyfoldError(null, "not_a_code")) return;
  console.log(seconds, text, wrong);
}
