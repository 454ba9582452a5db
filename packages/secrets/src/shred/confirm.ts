import { KeyfoldError } from "../error.ts";
import type { TenantRow } from "../tenant/store.ts";

/** @throws KeyfoldError `bad_input` where another name was typed than the tenant's */
export function confirmed(tenant: Pick<TenantRow, "slug">, typed: string): void {
  if (typed !== tenant.slug)
    throw new KeyfoldError("bad_input", {
      issues: [{ path: "confirm", message: "is not this tenant's slug" }],
    });
}
