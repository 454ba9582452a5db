import type { HeapSnapshot } from "./inspector.ts";

/** A string that something reachable holds. */
export interface Held {
  text: string;
  /** How a root of the heap comes to it: what each step is called, the string's own holder last. */
  path: string[];
}

/** The reachable strings that `is` wants, each with the shortest way to it. */
export function reachable(heap: HeapSnapshot, is: (text: string) => boolean): Held[] {
  const wanted = new Set(heap.strings.flatMap((text, index) => (is(text) ? [index] : [])));
  if (wanted.size === 0) return [];
  const { node_fields: node, edge_fields: edge, node_types, edge_types } = heap.snapshot.meta;
  const [nodeSize, edgeSize] = [node.length, edge.length];
  const at = { type: node.indexOf("type"), name: node.indexOf("name"), edges: node.indexOf("edge_count") };
  const of = { type: edge.indexOf("type"), name: edge.indexOf("name_or_index"), to: edge.indexOf("to_node") };
  const edgeType = (i: number) => edge_types[0][heap.edges[i + of.type]!]!;
  const first = new Map<number, number>();
  let next = 0;
  for (let n = 0; n < heap.nodes.length; n += nodeSize) {
    first.set(n, next);
    next += heap.nodes[n + at.edges]! * edgeSize;
  }
  const cameBy = new Map<number, { from: number; edge: number } | null>([[0, null]]);
  const queue = [0];
  for (const n of queue) {
    // V8's own table of names holds none of them: a name that nothing else holds goes with the next collection.
    if (heap.strings[heap.nodes[n + at.name]!] === "(Internalized strings)") continue;
    const begin = first.get(n)!;
    for (let e = begin; e < begin + heap.nodes[n + at.edges]! * edgeSize; e += edgeSize) {
      const to = heap.edges[e + of.to]!;
      if (edgeType(e) === "weak" || cameBy.has(to)) continue;
      cameBy.set(to, { from: n, edge: e });
      queue.push(to);
    }
  }
  const nameOf = (e: number) => {
    const name = heap.edges[e + of.name]!;
    return ["element", "hidden"].includes(edgeType(e)) ? `[${name}]` : heap.strings[name]!;
  };
  const held: Held[] = [];
  for (const n of queue) {
    if (!wanted.has(heap.nodes[n + at.name]!)) continue;
    const path: string[] = [];
    for (let step = cameBy.get(n); step; step = cameBy.get(step.from))
      path.unshift(
        `${heap.strings[heap.nodes[step.from + at.name]!] || node_types[0][heap.nodes[step.from]!]}.${nameOf(step.edge)}`,
      );
    held.push({ text: heap.strings[heap.nodes[n + at.name]!]!, path });
  }
  return held;
}
