import type { KeyfoldServer } from "@keyfold/secrets";
import { type Charge, createBilling } from "./billing.ts";
import { t } from "./trpc.ts";

/** The host's router, with Keyfold's nested in it. */
export function createAppRouter(keyfold: KeyfoldServer, charge: Charge) {
  return t.router({ keyfold: keyfold.router, billing: createBilling(keyfold, charge) });
}

export type AppRouter = ReturnType<typeof createAppRouter>;
