import type { Services } from "../../flow/services.ts";

/** Forgets a tenant's unwrapped keys and everything that they open, in this process, now. */
export function forgetTenant({ keys, hot }: Services, tenantId: string): void {
  keys.drop(tenantId);
  hot.cache?.dropTenant(tenantId);
}
