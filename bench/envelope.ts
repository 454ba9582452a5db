import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, randomUUID } from "node:crypto";
import {
  deriveValueKey,
  openValue,
  openWithValueKey,
  SecretKey,
  sealValue,
  unwrapDek,
  wrapDek,
} from "@keyfold/envelope";
import { inTurn, type Row } from "./measure.ts";

/** Seal and open beside a bare AES-256-GCM with the same key type, nonce, tag and AAD length. */
export function envelopeRows(): Row[] {
  const rows: Row[] = [];
  const place = {
    deployment: randomUUID(),
    tenant: randomUUID(),
    project: randomUUID(),
    environment: randomUUID(),
    secret: randomUUID(),
    version: 1,
  };
  const dekPlace = {
    deployment: place.deployment,
    tenant: place.tenant,
    purpose: "value" as const,
    term: 1,
    secret: place.secret,
    version: 1,
  };
  const aad = randomBytes(180);
  const key = createSecretKey(randomBytes(32));

  for (const size of [40, 4096]) {
    const plaintext = randomBytes(size);
    const bareSeal = () => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
      cipher.setAAD(aad);
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    };
    const bare = bareSeal();
    const bareOpen = () => {
      const decipher = createDecipheriv("aes-256-gcm", key, bare.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(aad);
      decipher.setAuthTag(bare.subarray(bare.length - 16));
      return Buffer.concat([decipher.update(bare.subarray(12, bare.length - 16)), decipher.final()]);
    };
    const { sealed, dek } = sealValue(plaintext, place);
    const valueKey = deriveValueKey(dek, sealed);
    const add = (what: string, work: () => void, baseline: string, bareWork: () => void) => {
      const [rate, baselineRate] = inTurn(work, bareWork);
      rows.push({ what: `${what}, ${size} bytes`, rate, baseline, baselineRate });
    };
    add(
      "seal (fresh DEK, HKDF, commitment)",
      () => sealValue(plaintext, place),
      "bare createCipheriv",
      bareSeal,
    );
    add("open", () => openValue(sealed, dek, place), "bare createDecipheriv", bareOpen);
    add(
      "open with a cached value key",
      () => openWithValueKey(sealed, valueKey, place),
      "bare createDecipheriv",
      bareOpen,
    );
    if (size === 40) {
      const tenantKey = SecretKey.generate();
      const wrapped = wrapDek(dek, tenantKey, dekPlace);
      add("wrap a DEK", () => wrapDek(dek, tenantKey, dekPlace), "bare createCipheriv", bareSeal);
      add("unwrap a DEK", () => unwrapDek(wrapped, tenantKey, dekPlace), "bare createDecipheriv", bareOpen);
    }
  }
  return rows;
}
