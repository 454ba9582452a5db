import type { Config } from "../config.ts";
import type { FirstRun } from "./first-run.ts";

/** Where people reach this server. */
export function addressOf(config: Pick<Config, "host" | "publicUrl" | "tls">, port: number): string {
  if (config.publicUrl !== null) return config.publicUrl.origin;
  const anyHere = ["127.0.0.1", "::1", "0.0.0.0", "::", "localhost"].includes(config.host);
  const host = anyHere ? "localhost" : config.host.includes(":") ? `[${config.host}]` : config.host;
  return `${config.tls === null ? "http" : "https"}://${host}:${port}`;
}

/** Where browsers reach the pages of links. */
export const linksAt = (
  config: Pick<Config, "host" | "tls">,
  links: { port: number; publicUrl: URL | null },
): URL => links.publicUrl ?? new URL(addressOf({ ...config, publicUrl: null }, links.port));

/** The address of a one-time link. What is secret stands behind the "#", which no browser sends and no server logs. */
export const linkTo = (address: string, secret: string): string => `${address}/welcome#${secret}`;

/** What a start says when everything runs. A first run shows its tokens; no later one can. */
export function greeting(address: string, firstRun: FirstRun | null): string {
  if (firstRun === null) {
    return `\nKeyfold runs at ${address}\nSign in with your password, or a token that you keep. Stop it with Ctrl-C.\n`;
  }
  const { operatorToken, demoToken } = firstRun;
  const link = linkTo(address, firstRun.operatorLink);
  const lines = ["", `Keyfold runs at ${address}`, ""];
  if (demoToken !== null) {
    const bearer = `-H 'authorization: Bearer ${demoToken}'`;
    lines.push(
      "These tokens are shown this once. Keep them.",
      "",
      `  Service token of the tenant "demo":  ${demoToken}`,
      `  Operator's token:                    ${operatorToken ?? "the one in KEYFOLD_BOOTSTRAP_TOKEN"}`,
      "",
      "To run it with a password instead of a token, open this within a day. It works once:",
      "",
      `  ${link}`,
      "",
      `Sign in: open ${address}, choose "Use a token" and paste one. The first one reads and writes demo's secrets;`,
      "the operator's manages tenants and reads no values.",
      "",
      "Set a secret and read it back:",
      "",
      `  curl -sS -X PUT ${address}/api/secrets ${bearer} -H 'content-type: application/json' -d '{"name":"GREETING","value":"hello"}' && curl -sS '${address}/api/reveal?name=GREETING' ${bearer}`,
      "",
      "Stop it with Ctrl-C.",
    );
  } else {
    lines.push(
      `The operator's token is ${operatorToken ?? "the one in KEYFOLD_BOOTSTRAP_TOKEN"}. Make the first tenant with it.`,
      "To run it with a password instead, open this within a day. It works once:",
      `  ${link}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
