import {
  type Encoding,
  EnvelopeError,
  type SecretKey,
  SecretValue,
  type ValuePlace,
} from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";

/*
 * What is sealed and is no version of a secret: letters, secrets of authenticator apps, what links share, webhooks' signing
 * secrets. Each is sealed as a value (docs/envelope-v1.md) in a place that no secret has, and so neither opens as the other;
 * its DEK is wrapped under a key that its owner names.
 */

/** Where it belongs. */
export interface Apart {
  /** Of which tenant; left out: of none, but of the deployment. */
  tenant?: string;
  /** The id of what it is part of: its own, where that is left out. */
  of?: string;
  id: string;
  /** 1 where there is one only. */
  number?: number;
}

/** Sealed bytes, and their wrapped DEK. */
export interface SealedApart {
  sealed: Buffer;
  dekWrap: Buffer;
}

/** The place that its bytes and its wrap are bound to, as the envelope takes it. */
export function placeApart(
  { deployment }: Pick<Services, "deployment">,
  { tenant = deployment, id, of = id, number = 1 }: Apart,
): ValuePlace {
  return { deployment, tenant, project: of, environment: of, secret: id, version: number };
}

/** @param term the key's, where it is one of several */
export function sealApart(
  services: Pick<Services, "deployment" | "envelope">,
  at: Apart,
  key: SecretKey,
  value: SecretValue,
  term = 1,
): SealedApart {
  const place = placeApart(services, at);
  const { sealed, dek } = services.envelope.sealValue(value.unsafelyBytes(), place);
  const dekWrap = services.envelope.wrapDek(dek, key, { ...place, purpose: "value", term });
  return { sealed: Buffer.from(sealed), dekWrap: Buffer.from(dekWrap) };
}

/** @param of.term the key's, where it is one of several @returns the value, for the caller to wipe @throws KeyfoldError `decryption_failed` */
export function openApart(
  services: Pick<Services, "deployment" | "envelope">,
  at: Apart,
  key: SecretKey,
  { sealed, dekWrap }: { sealed: Uint8Array; dekWrap: Uint8Array },
  of: { term?: number; encoding?: Encoding } = {},
): SecretValue {
  const { term = 1, encoding = "base64" } = of;
  const place = placeApart(services, at);
  try {
    const dek = services.envelope.unwrapDek(dekWrap, key, { ...place, purpose: "value", term });
    return SecretValue.takeOver(services.envelope.openValue(sealed, dek, place), encoding);
  } catch (error) {
    if (error instanceof EnvelopeError) throw new KeyfoldError("decryption_failed", { cause: error });
    throw error;
  }
}
