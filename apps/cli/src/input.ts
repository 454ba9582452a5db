import { createInterface } from "node:readline";
import { type Readable, Writable } from "node:stream";
import type { Input } from "./terminal.ts";

/** Most bytes that are read from a pipe: a little more than the largest value that a server can be set to take. */
const MOST_BYTES = 17 * 1024 * 1024;

/** Standard input: a pipe's bytes, or a person's hidden answer. Questions go where answers do not. */
export function stdinInput(stdin: Readable & { isTTY?: boolean }, asks: NodeJS.WritableStream): Input {
  return {
    isTerminal: stdin.isTTY === true,
    async read() {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stdin) {
        chunks.push(Buffer.from(chunk));
        size += chunk.length;
        if (size > MOST_BYTES) break;
      }
      return Buffer.concat(chunks);
    },
    async hidden(question) {
      asks.write(question);
      // What is typed is echoed into nothing.
      const output = new Writable({ write: (_chunk, _encoding, done) => done() });
      const lines = createInterface({ input: stdin, output, terminal: true });
      try {
        return await new Promise<string>((resolve) => {
          lines.once("line", resolve);
          lines.once("close", () => resolve(""));
        });
      } finally {
        lines.close();
        asks.write("\n");
      }
    },
  };
}
