import { parse } from "dotenv";
import { CommandError, EXIT } from "../terminal.ts";

/**
 * One line of a .env file that reads back as exactly this value.
 * @throws CommandError for a value that the format cannot hold
 */
export function dotenvLine(name: string, value: string): string {
  const ways = [value, `'${value}'`, `\`${value}\``, `"${value.replaceAll("\n", "\\n")}"`];
  // The format has no escape that all readers know: a way is good when the reference reader gives the value back, and
  // none that expands `$` or takes `#` for a comment could read it otherwise.
  const line = ways.find(
    (way, i) =>
      (i !== 0 || /^[\w./:@+=,-]*$/.test(value)) && (i !== 3 || !value.includes("$")) && readsBack(way),
  );
  if (line === undefined)
    throw new CommandError(
      EXIT.failed,
      `${name} has every kind of quote in it, which the dotenv format cannot hold. Choose another format.`,
    );
  return `${name}=${line}`;

  function readsBack(way: string): boolean {
    // A line after it must stay its own.
    const read = parse(`A=${way}\nB=end\n`);
    return read.A === value && read.B === "end" && Object.keys(read).length === 2;
  }
}

/** The names and values of a .env file. */
export function parseDotenv(bytes: Buffer): Record<string, string> {
  return parse(bytes.toString("utf8").replace(/^\uFEFF/, ""));
}
