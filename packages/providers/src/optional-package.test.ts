import { expect, test } from "vitest";
import { optionalPackage } from "./optional-package.ts";

test("a package that is not installed is named, with what to do", async () => {
  // @ts-expect-error there is none
  const loading = optionalPackage("@keyfold/not-a-package", () => import("@keyfold/not-a-package"));
  await expect(loading).rejects.toMatchObject({
    code: "provider_unavailable",
    message:
      "This root key needs the package @keyfold/not-a-package, which is not installed (or was not built). Add it with: npm install @keyfold/not-a-package",
  });
});

test("a package that breaks while it is loaded says no more than that", async () => {
  const loading = optionalPackage("x", () => Promise.reject(new Error("sk_test_not_a_real_key")));
  await expect(loading).rejects.toMatchObject({
    code: "provider_unavailable",
    message: "This root key needs the package x, which is installed but cannot be loaded.",
  });
});
