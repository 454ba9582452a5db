import { expect, test } from "vitest";
import { moveKeysUp } from "./parameterization-graph.ts";

const graphOf = (...bytes: number[]): string => Buffer.from(bytes).toString("base64url");

/** One input node, one output node, one root: as Prisma writes them, each number in LEB128, and one more where there may be none. */
const small = {
  strings: ["where", "Color", "User.findMany", "name"],
  graph: graphOf(
    ...[1, 1, 1],
    ...[2, 0, 0x02, 0x01, 1, 0, 3, 3, 0, 0, 0, 2, 1], // "where": mask 0x0102, to node 0; "name": of the enum "Color"
    ...[1, 3, 0, 1], // "name", to output 0
    ...[2, 1, 1],
  ),
};

test("the names of fields get numbers from 1,024 on, and the graph says what it said", () => {
  expect(moveKeysUp(small)).toEqual({
    strings: ["Color", "User.findMany", ...Array(1022).fill(""), "where", "name"],
    graph: graphOf(
      ...[1, 1, 1],
      ...[2, 0x80, 8, 0x02, 0x01, 1, 0, 3, 0x81, 8, 0, 0, 0, 1, 1],
      ...[1, 0x81, 8, 0, 1],
      ...[1, 1, 1],
    ),
  });
});

test("moved once, it stays as it is", () => {
  const moved = moveKeysUp(small);
  expect(moveKeysUp(moved)).toEqual(moved);
});

test("a graph of another format is refused", () => {
  expect(() => moveKeysUp({ ...small, graph: graphOf(0, 0, 0, 7) })).toThrow("more in it than is known");
  expect(() => moveKeysUp({ ...small, graph: graphOf(1, 1, 1, 2) })).toThrow(RangeError);
});
