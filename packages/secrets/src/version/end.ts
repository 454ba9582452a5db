import { refuseInUse } from "../consumer/waiting.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { tell } from "../message/tell.ts";
import { lockSecret } from "../secret/load.ts";
import { moveSecret } from "../secret/store.ts";
import type { VersionView } from "./schema.ts";
import { viewVersion } from "./view.ts";
import { eraseSealed, moveVersion } from "./write.ts";

interface EndInput {
  tenant?: string | undefined;
  id: string;
  version: number;
  reason: string;
  force: boolean;
}

/**
 * Ends one version: what revoke and destroy share. Ending the current one leaves the secret empty; nothing older
 * becomes current by itself.
 */
export async function endVersion(
  call: Call,
  input: EndInput,
  to: "revoked" | "destroyed",
): Promise<VersionView> {
  const tenantId = await tenantOf(call, input.tenant);
  return changeSql(call, tenantId, async (unit) => {
    const loaded = await lockSecret(unit, { id: input.id }, { number: input.version });
    const { secret, version } = loaded;
    if (version === null) throw new KeyfoldError("not_found");
    if (version.state === "destroyed" || version.state === to)
      throw new KeyfoldError("illegal_state", { sentence: `This version is ${version.state} already.` });
    if (version.state === "pending")
      throw new KeyfoldError("illegal_state", {
        sentence: "This version is pending: nobody reads it. Abandon it instead.",
      });
    if (version.state === "current" || version.state === "grace")
      await refuseInUse(unit, secret, version.number, input.force);
    if (to === "destroyed") await eraseSealed(unit, secret.id, version.number);
    const moved = await moveVersion(unit, version, {
      state: to,
      endReason: input.reason,
      ...(to === "revoked" ? { revokedAt: unit.now } : { destroyedAt: unit.now }),
    });
    if (secret.currentVersion === version.number)
      await moveSecret(unit, secret, { state: "empty", currentVersion: null });
    unit.record({
      target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
      reason: input.reason,
      details: input.force ? { force: true } : {},
    });
    tell(unit, to === "revoked" ? "version.revoked" : "version.destroyed", secret, {
      version: version.number,
      was_current: secret.currentVersion === version.number,
    });
    return viewVersion(moved, unit.now);
  });
}
