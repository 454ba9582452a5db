import { CommandError, EXIT } from "../terminal.ts";
import { dotenvLine } from "./dotenv.ts";

/** Ways to write secrets down, by their option's name. */
export const FORMATS = {
  dotenv: (all) => all.map(([name, value]) => `${dotenvLine(name, value)}\n`).join(""),
  json: (all) => `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`,
  // Every JSON string is a YAML string.
  yaml: (all) => all.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join(""),
  shell: (all) => all.map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`).join(""),
  docker: (all) => all.map(([name, value]) => `${name}=${oneLine("docker", name, value)}\n`).join(""),
  k8s: (all) => kubernetes(all),
} as const satisfies Record<string, (all: readonly (readonly [string, string])[]) => string>;

export type Format = keyof typeof FORMATS;

function oneLine(format: string, name: string, value: string): string {
  if (/[\r\n]/.test(value))
    throw new CommandError(
      EXIT.failed,
      `${name} has more than one line, which the ${format} format cannot hold. Choose another format.`,
    );
  return value;
}

function kubernetes(all: readonly (readonly [string, string])[]): string {
  const data = all.map(([name, value]) => `  ${name}: ${Buffer.from(value, "utf8").toString("base64")}\n`);
  return `apiVersion: v1\nkind: Secret\nmetadata:\n  name: keyfold\ntype: Opaque\ndata:${data.length === 0 ? " {}\n" : `\n${data.join("")}`}`;
}
