import type { TaskFacts } from "@keyfold/rotators";
import { RotatorError } from "@keyfold/rotators";
import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import type { SecretRow } from "../../secret/rows.ts";
import { openOwn, readForRotation } from "./read.ts";

/** What a rotator is told; values are read when it asks. */
export function factsOf(
  call: Call,
  tenantId: string,
  secret: Pick<SecretRow, "id" | "name">,
  rotation: { id: string; config: unknown; version: () => number | null; next: number },
  now: Date,
): TaskFacts {
  return {
    config: rotation.config,
    rotation: rotation.id,
    secret: { tenant: tenantId, id: secret.id, name: secret.name },
    version: rotation.version() ?? rotation.next,
    now,
    current: () => readForRotation(call, tenantId, secret.id, rotation.id),
    pending() {
      const number = rotation.version();
      if (number === null) throw new RotatorError("bad_state");
      return openOwn(call, tenantId, secret.id, number);
    },
    async credential({ $secret }) {
      const value = await readForRotation(call, tenantId, $secret, rotation.id).catch((error: unknown) => {
        // Deleted, emptied or ended: no later try finds it by itself.
        if (error instanceof KeyfoldError && GONE.has(error.code)) return null;
        throw error;
      });
      if (value === null) throw new RotatorError("bad_credential");
      return value;
    },
  };
}

const GONE: ReadonlySet<string> = new Set([
  "not_found",
  "version_expired",
  "version_revoked",
  "version_destroyed",
]);
