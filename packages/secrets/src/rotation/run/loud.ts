import type { Unit } from "../../flow/change.ts";
import { tell } from "../../message/tell.ts";
import type { SecretRow } from "../../secret/rows.ts";
import type { Problem } from "./store.ts";

/**
 * A rotation that does not get on is heard of: in the audit log, by the tenant's consumers, and by the operator.
 * @param stands whether it waits for a person, or is tried again
 */
export function sayFailed(
  unit: Unit,
  secret: Pick<SecretRow, "id" | "projectId" | "environmentId" | "name">,
  facts: {
    rotation: string | null;
    kind: string;
    version: number | null;
    cause: Problem;
    targetCode: string | null;
    stands: boolean;
  },
): void {
  const { version, kind, cause, targetCode, stands } = facts;
  unit.record({
    action: "rotation.failed",
    outcome: "error",
    target: { type: "secret", id: secret.id, name: secret.name, version },
    details: { rotation: facts.rotation, rotator: kind, cause, targetCode, waitsForPerson: stands },
  });
  tell(unit, "secret.rotation_failed", secret, { rotator: kind, cause, waits_for_person: stands });
  unit.call.services.log.error(
    { tenant: unit.tenantId, secret: secret.id, rotation: facts.rotation, rotator: kind, cause, targetCode },
    stands ? "a rotation failed and waits for a person" : "a rotation does not get on",
  );
}
