import { KeyfoldError } from "../../error.ts";
import { changeSql, type Unit } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { tell } from "../../message/tell.ts";
import { lockSecret } from "../load.ts";
import type { SecretRow } from "../rows.ts";
import { purgeSecretInput, purgeSecretOutput } from "../schema.ts";

/** A day in milliseconds: so long a deletion can be taken back, whoever wants it gone. The database waits as long. */
const WAIT_MS = 86_400_000;

/**
 * Ends a deleted secret before its last day: its keys and bytes first, then everything of it. Not within a day of its
 * deletion; a value that must be gone at once is destroyed, version by version.
 */
export const purgeSecret = defineVerb({
  action: "secret.purge",
  changes: true,
  summary: "Purge a deleted secret: it cannot be restored any more",
  input: purgeSecretInput,
  output: purgeSecretOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret } = await lockSecret(unit, { id: input.id }, { deleted: true });
      if (secret.state !== "deleted" || secret.deletedAt === null)
        throw new KeyfoldError("illegal_state", {
          sentence: "Only a deleted secret is purged. Delete it first.",
        });
      if (secret.name !== input.confirm)
        throw new KeyfoldError("bad_input", {
          issues: [{ path: "confirm", message: "is not the name that this secret had" }],
        });
      const from = new Date(secret.deletedAt.getTime() + WAIT_MS);
      if (from > unit.now)
        throw new KeyfoldError("illegal_state", {
          sentence: `A deleted secret can be brought back for a day, and this one can be purged from ${from.toISOString()} on. To erase its values now, restore it and destroy its versions.`,
        });
      return { id: secret.id, versions: await purge(unit, secret, input.reason) };
    });
  },
});

/** Everything of a deleted secret goes; its consumers are told. @returns how many versions it had */
export async function purge(unit: Unit, secret: SecretRow, reason: string | null): Promise<number> {
  const [row] = await unit.query<{ versions: number }>(
    "SELECT control_plane.purge_secret($1::uuid, $2::uuid) AS versions",
    [unit.tenantId, secret.id],
  );
  const { versions } = row!;
  unit.record({
    target: { type: "secret", id: secret.id, name: secret.name },
    reason,
    details: { versions, deletedAt: secret.deletedAt?.toISOString() ?? null },
  });
  tell(unit, "secret.purged", secret, { versions });
  return versions;
}
