import type { SecretValue } from "@keyfold/envelope";
import { liveness } from "../../access/actor.ts";
import { appendAlone } from "../../audit/lost-commit.ts";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Call } from "../../flow/call.ts";
import { eventBytes } from "../../flow/event.ts";
import { onPool } from "../../flow/query.ts";
import { loadSecret } from "../../secret/load.ts";
import { openVersion, refuseClosed } from "../../version/open.ts";

const ATTEMPTS = 4;

/**
 * A secret's current value for a step of a rotation. Like any read it is judged in its append, and no value is handed out
 * before its event is durable.
 * @returns null where the secret is empty
 */
export async function readForRotation(
  call: Call,
  tenantId: string,
  secretId: string,
  rotation: string,
): Promise<SecretValue | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await again(() => tryRead(call, tenantId, secretId, rotation));
    if (answer !== "stale") return answer;
  }
  throw new KeyfoldError("conflict");
}

async function tryRead(
  call: Call,
  tenantId: string,
  secretId: string,
  rotation: string,
): Promise<SecretValue | null | "stale"> {
  const query = onPool(call.services.db);
  const loaded = await loadSecret(call, query, tenantId, { id: secretId }, { sealed: true });
  const { secret, version } = loaded;
  if (version === null) return null;
  refuseClosed(version, loaded.now);
  const value = await openVersion(call, tenantId, loaded);
  try {
    const event = eventBytes(call, tenantId, {
      action: "secret.accessed",
      target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
      details: { rotation },
    });
    const outcome = await appendAlone(call.services.db, tenantId, [event], {
      expectedEpoch: loaded.epoch,
      token: liveness(call.actor),
    });
    if (outcome === "appended") return value;
    value.wipe();
    return "stale";
  } catch (error) {
    value.wipe();
    throw error;
  }
}

/** The value of a rotation's own version, which nobody else reads yet. */
export async function openOwn(
  call: Call,
  tenantId: string,
  secretId: string,
  number: number,
): Promise<SecretValue> {
  const loaded = await again(() =>
    loadSecret(call, onPool(call.services.db), tenantId, { id: secretId }, { number, sealed: true }),
  );
  if (loaded.version?.state !== "pending" && loaded.version?.state !== "current")
    throw new KeyfoldError("conflict");
  return openVersion(call, tenantId, loaded);
}
