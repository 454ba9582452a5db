import { EnvelopeError, SecretValue, type ValueKey } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { encodingOf } from "../input/value.ts";
import type { Loaded } from "../secret/load.ts";
import type { VersionRow } from "../secret/rows.ts";

/** Whether a version in grace still opens: until its deadline, or, where it is held, until somebody ends it. */
export function opensInGrace(version: Pick<VersionRow, "openUntil" | "held">, now: Date): boolean {
  return version.held === true || (version.openUntil !== null && version.openUntil > now);
}

/** When a version refuses by itself; null: not by time. */
export function refusedFrom(version: Pick<VersionRow, "state" | "openUntil" | "held">): Date | null {
  return version.state === "grace" && version.held !== true ? version.openUntil : null;
}

/**
 * Refuses a version that does not open, each for its named reason.
 * @param now the database's clock when the rows were read; the append judges the deadline once more
 * @throws KeyfoldError `version_expired`, `version_revoked`, `version_destroyed`, `version_pending`, `version_kept`
 */
export function refuseClosed(version: VersionRow, now: Date): void {
  switch (version.state) {
    case "current":
      return;
    case "grace":
      if (!opensInGrace(version, now)) throw new KeyfoldError("version_expired");
      return;
    case "revoked":
      throw new KeyfoldError("version_revoked");
    case "destroyed":
      throw new KeyfoldError("version_destroyed");
    case "pending":
      throw new KeyfoldError("version_pending");
    case "kept":
      throw new KeyfoldError("version_kept");
  }
}

/**
 * Opens a loaded version's sealed bytes. Whether it may be opened is decided before.
 * @returns the value; the caller wipes it, or gives it out in its answer
 * @throws KeyfoldError `decryption_failed`, `key_unavailable`
 */
export async function openVersion(call: Call, tenantId: string, loaded: Loaded): Promise<SecretValue> {
  return (await openKeyed(call, tenantId, loaded)).value;
}

/** `openVersion`, and the key that opened it: what a warm read keeps. */
export async function openKeyed(
  call: Call,
  tenantId: string,
  loaded: Loaded,
): Promise<{ value: SecretValue; key: ValueKey }> {
  const { services } = call;
  const { secret, version, sealed } = loaded;
  if (version === null || sealed?.sealed == null || sealed.dekWrap === null) {
    throw new KeyfoldError("decryption_failed", { cause: new Error("the sealed bytes are missing") });
  }
  const key = await services.keys.of(tenantId, "value", sealed.term);
  const at = {
    deployment: services.deployment,
    tenant: tenantId,
    secret: secret.id,
    version: version.number,
  };
  try {
    const dek = services.envelope.unwrapDek(sealed.dekWrap, key, {
      ...at,
      purpose: "value",
      term: sealed.term,
    });
    const valueKey = services.envelope.deriveValueKey(dek, sealed.sealed);
    const plaintext = services.envelope.openWithValueKey(sealed.sealed, valueKey, {
      ...at,
      project: secret.projectId,
      environment: secret.environmentId,
    });
    return { value: SecretValue.takeOver(plaintext, encodingOf(version.encoding)), key: valueKey };
  } catch (error) {
    if (error instanceof EnvelopeError) throw new KeyfoldError("decryption_failed", { cause: error });
    throw error;
  }
}
