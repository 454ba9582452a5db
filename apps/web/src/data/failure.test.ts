import { describe, expect, it } from "vitest";
import { isTransient, ProblemError, toFailure } from "./failure.ts";

describe("what the panel says of a failed call", () => {
  it("repeats the server's sentence, issues and correlation id", () => {
    const keyfold = {
      code: "bad_input",
      message: "The request is not valid.",
      issues: [{ path: "name", message: "is empty" }],
      correlationId: "c-1",
    };
    expect(toFailure({ data: { httpStatus: 400, keyfold } })).toEqual({
      code: "bad_input",
      sentence: "The request is not valid.",
      issues: [{ path: "name", message: "is empty" }],
      correlationId: "c-1",
    });
  });

  it("says in the panel's own words that consumers still use something", () => {
    const keyfold = {
      code: "in_use",
      message:
        "2 consumers still use version 1. Wait until they have moved; or do it all the same, with `force` and a reason.",
    };
    expect(toFailure({ data: { keyfold } })).toMatchObject({
      code: "in_use",
      sentence: "2 consumers still use version 1. Wait until they have moved; or tick the box and say why.",
    });
  });

  it("reads a problem answer of a plain call, too", () => {
    const problem = new ProblemError({
      code: "unauthenticated",
      detail: "Give a valid token.",
      correlation_id: "c-2",
    });
    expect(toFailure(problem)).toMatchObject({
      code: "unauthenticated",
      sentence: "Give a valid token.",
      correlationId: "c-2",
    });
  });

  it.each([
    new TypeError("Failed to fetch sk_test_not_a_real_key"),
    null,
    "text",
    { data: null },
    new ProblemError(null),
  ])("calls everything else unreachable and repeats nothing of it", (error) => {
    const failure = toFailure(error);
    expect(failure.code).toBe("unreachable");
    expect(JSON.stringify(failure)).not.toContain("sk_test");
    expect(isTransient(failure)).toBe(true);
  });

  it("knows that a refusal will not go away by itself", () => {
    expect(isTransient(toFailure({ data: { keyfold: { code: "forbidden", message: "No." } } }))).toBe(false);
  });
});
