import { withDeployment } from "@keyfold/db";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { tellChain } from "../host/tell.ts";

/**
 * Tells the deployment's chain that a backup begins: every row and what opens the keys leave the database, and nothing leaves
 * before its event is durable.
 * @param begun.recipients whom it is sealed to: fingerprints
 */
export async function noteBackup(
  services: Services,
  begun: { id: string; recipients: readonly string[] },
): Promise<void> {
  await again(() =>
    withDeployment(services.db, (tx) =>
      tellChain(services, tx, null, "deployment.backup_begun", {
        target: { type: "backup", id: begun.id, name: null },
        details: { recipients: begun.recipients.join(" ") },
      }),
    ),
  );
}
