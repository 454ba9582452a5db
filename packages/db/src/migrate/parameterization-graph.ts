/** What of a query is a parameter, as a generated client has it: names, and a graph of them in bytes, base64url. */
export interface ParameterizationSchema {
  strings: string[];
  graph: string;
}

interface Edge {
  key: number;
  /** Of an input: which scalars it takes. */
  mask?: number;
  /** Each null, or a number. */
  to: (number | null)[];
  /** Of an input. */
  flags?: number;
}
interface Graph {
  inputs: Edge[][];
  outputs: Edge[][];
  roots: Edge[];
}

/** As V8 has it (kMaxGap): an object whose first index is not below this is kept as a dictionary. */
const SPARSE = 1024;

/**
 * The same graph with other numbers for its names. Prisma makes an object of each node, with the numbers of its fields' names as
 * indices; where these are a little below 1,024, V8 makes an array of that length for each: 9 MB of holes. Here they are above.
 */
export function moveKeysUp(schema: ParameterizationSchema): ParameterizationSchema {
  const graph = decode(schema.graph);
  const fields = new Set([...graph.inputs, ...graph.outputs].flat().map(({ key }) => key));
  const keys = [...fields].sort((a, b) => a - b);
  const others = schema.strings.map((_, i) => i).filter((i) => !fields.has(i));
  const first = Math.max(SPARSE, others.length);
  const moved = new Map([
    ...others.map((from, to) => [from, to] as const),
    ...keys.map((from, i) => [from, first + i] as const),
  ]);
  const at = (from: number): number => moved.get(from)!;
  const keyed = (edge: Edge): Edge => ({ ...edge, key: at(edge.key) });
  return {
    strings: [
      ...others.map((i) => schema.strings[i]!),
      ...Array<string>(first - others.length).fill(""),
      ...keys.map((i) => schema.strings[i]!),
    ],
    graph: encode({
      // An input's second is the name of an enum.
      inputs: graph.inputs.map((node) =>
        node.map(({ to: [child, name], ...edge }) =>
          keyed({ ...edge, to: [child!, name === null ? null : at(name!)] }),
        ),
      ),
      outputs: graph.outputs.map((node) => node.map(keyed)),
      roots: graph.roots.map(keyed),
    }),
  };
}

/** Numbers in LEB128, where there may be none plus one; masks in two bytes, flags in one. */
function decode(text: string): Graph {
  const bytes = Buffer.from(text, "base64url");
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const maybe = (): number | null => {
    const value = number();
    return value === 0 ? null : value - 1;
  };
  const times = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);
  const two = (): number => {
    at += 2;
    return bytes.readUInt16LE(at - 2);
  };
  const input = (): Edge => ({
    key: number(),
    mask: two(),
    to: [maybe(), maybe()],
    flags: bytes.readUInt8(at++),
  });
  const output = (): Edge => ({ key: number(), to: [maybe(), maybe()] });
  const [inputs, outputs, roots] = [number(), number(), number()];
  const graph = {
    inputs: times(inputs, () => times(number(), input)),
    outputs: times(outputs, () => times(number(), output)),
    roots: times(roots, output),
  };
  if (at !== bytes.length) throw new Error("Prisma's graph has more in it than is known here.");
  return graph;
}

function encode({ inputs, outputs, roots }: Graph): string {
  const bytes: number[] = [];
  const number = (value: number): void => {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  };
  const edge = ({ key, mask, to, flags }: Edge): void => {
    number(key);
    if (mask !== undefined) bytes.push(mask & 0xff, mask >> 8);
    for (const one of to) number(one === null ? 0 : one + 1);
    if (flags !== undefined) bytes.push(flags);
  };
  for (const count of [inputs.length, outputs.length, roots.length]) number(count);
  for (const node of [...inputs, ...outputs]) {
    number(node.length);
    node.forEach(edge);
  }
  roots.forEach(edge);
  return Buffer.from(bytes).toString("base64url");
}
