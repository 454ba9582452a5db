import { describe, expect, it } from "vitest";
import { safePath } from "./safe-path.ts";

describe("where signing in leads", () => {
  it("goes back to a path of the panel, with all of it", () => {
    expect(safePath("/t/acme/default/dev/s/1?x=1#y")).toBe("/t/acme/default/dev/s/1?x=1#y");
  });

  it.each([
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "t/acme",
    "",
    7,
    null,
    undefined,
  ])("never leads away: %s goes to the start", (next) => {
    expect(safePath(next)).toBe("/");
  });

  it("does not lead to itself", () => {
    expect(safePath("/sign-in?next=/t/acme")).toBe("/");
  });

  it.each(["/\t/evil.example", "/\n/evil.example"])(
    "is not fooled by what browsers drop from addresses",
    (next) => {
      expect(new URL(safePath(next), "https://panel.example").host).toBe("panel.example");
    },
  );
});
