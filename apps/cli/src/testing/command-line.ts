import { run } from "../run.ts";
import type { Terminal } from "../terminal.ts";

export interface Said {
  exit: number;
  out: string;
  err: string;
}

export interface Typed extends Partial<Omit<Terminal, "out" | "err" | "input">> {
  /** What is piped in. */
  piped?: string | Buffer;
  /** What a person types where they are asked. */
  typed?: string;
  /** What a person types to each question, who has seen all that was said before. */
  answer?(question: string, before: string): Promise<string>;
}

/** Runs one command line as a shell would, and answers what it said. */
export async function commandLine(
  argv: readonly string[],
  given: Typed = {},
): Promise<Said & { bytes: Buffer }> {
  const said = { out: "", err: "" };
  const bytes: Uint8Array[] = [];
  const { piped, typed, answer, ...terminal } = given;
  const exit = await run(argv, {
    env: {},
    isTerminal: false,
    columns: 80,
    ...terminal,
    out: (text) => {
      said.out += text;
    },
    outBytes: (more) => void bytes.push(more),
    err: (text) => {
      said.err += text;
    },
    input: {
      isTerminal: typed !== undefined || answer !== undefined,
      read: async () => Buffer.from(piped ?? ""),
      async hidden(question) {
        const before = said.err;
        said.err += `${question}\n`;
        return answer === undefined ? (typed ?? "") : answer(question, before);
      },
    },
  });
  return { exit, ...said, bytes: Buffer.concat(bytes) };
}
