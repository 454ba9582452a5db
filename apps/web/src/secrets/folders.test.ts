import { describe, expect, it } from "vitest";
import { type Node, toTree } from "./folders.ts";

const secrets = (...names: string[]) => names.map((name) => ({ id: `id of ${name}`, name }));
const drawn = (nodes: Node<{ id: string; name: string }>[]): unknown[] =>
  nodes.map((node) =>
    node.kind === "folder" ? { [`${node.label} (${node.count})`]: drawn(node.children) } : node.label,
  );

describe("names with slashes, as folders", () => {
  it("puts folders first and sorts both by name", () => {
    expect(drawn(toTree(secrets("ZED", "stripe/B", "ALPHA", "aws/KEY", "stripe/A")))).toEqual([
      { "aws (1)": ["KEY"] },
      { "stripe (2)": ["A", "B"] },
      "ALPHA",
      "ZED",
    ]);
  });

  it("draws a chain of folders that hold nothing else in one line", () => {
    expect(drawn(toTree(secrets("a/b/c/KEY", "a/b/c/d/KEY")))).toEqual([
      { "a/b/c (2)": [{ "d (1)": ["KEY"] }, "KEY"] },
    ]);
  });

  it("keeps a secret beside a folder of the same name", () => {
    expect(drawn(toTree(secrets("stripe", "stripe/KEY")))).toEqual([{ "stripe (1)": ["KEY"] }, "stripe"]);
  });

  it("takes names that are properties of every object for what they are: names", () => {
    expect(drawn(toTree(secrets("__proto__/constructor", "constructor")))).toEqual([
      { "__proto__ (1)": ["constructor"] },
      "constructor",
    ]);
  });

  it("gives every row an id of its own", () => {
    const ids: string[] = [];
    const walk = (nodes: Node<{ id: string; name: string }>[]) => {
      for (const node of nodes) {
        ids.push(node.id);
        if (node.kind === "folder") walk(node.children);
      }
    };
    walk(toTree(secrets("a/b/KEY", "a/KEY", "b/KEY", "KEY")));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
