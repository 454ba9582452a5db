import { hybridOpener, splitHybridOpener, WRAP_SUITE, type WrapSuite } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { change } from "../../flow/change.ts";
import type { StoredTenantKey } from "../tenant/rows.ts";
import { loadStoredKeys } from "../tenant/stored-keys.ts";
import { algorithmOf } from "./algorithm.ts";

/**
 * Makes a tenant's first keys of a suite: its next terms, since all suites of a tenant share one numbering. Key services
 * are asked before the transaction. Two who do it at once: the second one finds them there, and adds none.
 * @throws KeyfoldError `decryption_failed` where the tenant was shredded, or where there is no hybrid seed for a hybrid key
 */
export async function addSuite(call: Call, tenantId: string, suite: WrapSuite): Promise<void> {
  const { services } = call;
  const stored = await loadStoredKeys(services, tenantId);
  const after = (purpose: string) => {
    const terms = stored.filter((key) => key.purpose === purpose).map(({ term }) => term);
    if (terms.length === 0)
      throw new KeyfoldError("decryption_failed", {
        cause: new Error("the tenant has no key: it was shredded"),
      });
    return Math.max(...terms) + 1;
  };
  const there = new Set(stored.filter((key) => key.suite === suite).map(({ purpose }) => purpose));
  if (there.size < 2) {
    // As young as the youngest: a job that is at it has renewed the tenant, and does not look for its newest terms again.
    const round = Math.max(...stored.map((key) => key.round ?? 0)) || null;
    const terms = { value: after("value"), digest: after("digest") };
    const newest = stored.reduce((a, b) => (b.term > a.term ? b : a));
    // They say what the new key is wrapped under, too.
    for (const wrap of newest.wraps) services.mac.check("keyWraps", tenantId, wrap);
    const made = await services.keys.make(tenantId, services.clock(), suite, newest.rootKey, {
      terms,
      round,
      also: openersOf(newest, suite, services.openers.hybridsHeld),
    });
    const add = change(
      call,
      tenantId,
      async (unit) => {
        const { count } = await unit.sql.tenantKey.createMany({ data: made.keys, skipDuplicates: true });
        if (count === 0) return;
        // One of them only: somebody added another term meanwhile. Nothing is kept of this, and it is done again.
        if (count < made.keys.length) throw new KeyfoldError("conflict");
        await unit.sql.keyWrap.createMany({ data: made.wraps });
        for (const { purpose, term } of made.keys)
          unit.record({
            action: "key.term_added",
            target: { type: "key", id: null, name: null },
            details: { purpose, term, algorithm: algorithmOf(suite) },
          });
      },
      { tenant: "any" },
    );
    await add.catch((error: unknown) => {
      // Another term came first, these perhaps: whoever asked looks again.
      if (!(error instanceof KeyfoldError && error.code === "conflict")) throw error;
    });
  }
  services.keys.forgetTerms(tenantId);
}

/** What the newest key is wrapped under, as openers of this suite: none that was removed comes back with it. */
function openersOf({ wraps }: StoredTenantKey, suite: WrapSuite, seeds: readonly string[]): string[] {
  const roots = new Set(wraps.map(({ opener }) => splitHybridOpener(opener)?.root ?? opener));
  if (suite === WRAP_SUITE) return [...roots];
  return [...roots].flatMap((root) => seeds.map((id) => hybridOpener(root, { id })));
}
