import { randomBytes, randomUUID } from "node:crypto";
import { hybridSeedFromText, localRootKey, SecretKey, unwrapKey, wrapKey } from "@keyfold/envelope";
import { inTurnAsync, type Row } from "./measure.ts";

/** A tenant key's wrap of suite 2 beside one of suite 1, both under a local root key. A read needs neither: keys are cached. */
export async function hybridRows(): Promise<Row[]> {
  const provider = localRootKey(randomBytes(32));
  const hybrid = hybridSeedFromText(randomBytes(32).toString("hex"));
  const key = SecretKey.generate();
  const place = { deployment: randomUUID(), tenant: randomUUID(), purpose: "value" as const, term: 1 };
  const plain = await wrapKey(provider, key, place);
  const both = await wrapKey(provider, key, place, hybrid.publicKey);
  const row = async (what: string, work: () => Promise<unknown>, beside: () => Promise<unknown>) => {
    const [rate, baselineRate] = await inTurnAsync(work, beside);
    return { what: `${what}, hybrid-quantum`, rate, baseline: "the same, aes-256-gcm", baselineRate };
  };
  return [
    await row(
      "wrap a tenant key",
      () => wrapKey(provider, key, place, hybrid.publicKey),
      () => wrapKey(provider, key, place),
    ),
    await row(
      "unwrap a tenant key",
      () => unwrapKey(provider, both.wrapped, { ...place, opener: both.opener }, hybrid),
      () => unwrapKey(provider, plain.wrapped, { ...place, opener: plain.opener }),
    ),
  ];
}
