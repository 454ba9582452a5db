import { type MockInstance, vi } from "vitest";
import type { ServiceUnderTest } from "../conformance.ts";
import { Faults } from "./faults.ts";

type Done = (error: Error | null, length?: number) => void;

/**
 * Makes every module's encrypting and decrypting fail or hang, as one on a network does. What hangs goes on when
 * healed. pkcs11js keeps the module's own calls under these names, and builds its promises over them.
 */
export function pkcs11Faults(pkcs11: typeof import("pkcs11js")): ServiceUnderTest & { restore(): void } {
  const faults = new Faults();
  const held: (() => void)[] = [];
  const native = pkcs11.PKCS11.prototype as unknown as Record<string, (...given: unknown[]) => void>;
  const spies: MockInstance[] = [];
  for (const name of ["C_EncryptCallback", "C_DecryptCallback"]) {
    const real = native[name]!;
    const faulty = function (this: unknown, ...given: unknown[]) {
      const goOn = () => real.apply(this, given);
      const fault = faults.next();
      if (fault === "failing") (given.at(-1) as Done)(new Error("CKR_DEVICE_ERROR:48"));
      else if (fault === "hanging") held.push(goOn);
      else goOn();
    };
    spies.push(vi.spyOn(native, name).mockImplementation(faulty));
  }
  return {
    faults: ["failing", "hanging"],
    retryAfterMs: 0,
    start: (fault, requests) => faults.start(fault, requests),
    heal() {
      faults.heal();
      for (const goOn of held.splice(0)) goOn();
    },
    restore() {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
