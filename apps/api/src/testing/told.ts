import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import type { House } from "@keyfold/secrets/testing";

/**
 * Reads what was appended to chains since it was asked last: chain, action and outcome, chain by chain. What was counted only is
 * written first.
 * @param chains their ids, by what a test calls them
 */
export function toldTo(
  house: Pick<House, "sql" | "server">,
  chains: Readonly<Record<string, string>>,
): () => Promise<string[]> {
  const seen = new Map<string, number>();
  return async () => {
    await house.server.flush();
    const lines: string[] = [];
    for (const [name, chain] of Object.entries(chains)) {
      const rows = await house.sql<{ number: string; bodies: Buffer }>(
        "SELECT number, bodies FROM control_plane.audit_batches WHERE chain_id = $1 AND number > $2 ORDER BY number",
        [chain, seen.get(name) ?? -1],
      );
      for (const { number, bodies } of rows) {
        seen.set(name, Number(number));
        for (const { action, outcome } of decodeBodies(bodies).map(decodeEvent))
          lines.push(`${name} ${action} ${outcome}`);
      }
    }
    return lines;
  };
}
