import type { SecretValue } from "@keyfold/envelope/secret-value";
import { CommandError, EXIT } from "../terminal.ts";
import type { Read } from "./read-all.ts";

/** What is given to a child: a variable's name, and the value. */
export type Variables = Record<string, SecretValue>;

/**
 * Variables that decide which code a program runs. Whoever may write a secret must not be able to run code wherever it
 * is read, so these are set only where `--only` names them.
 */
const LOADERS =
  /^(LD_\w+|DYLD_\w+|PATH|IFS|ENV|BASH_ENV|SHELLOPTS|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PYTHONSTARTUP|PYTHONHOME|PERL5LIB|PERL5OPT|RUBYLIB|RUBYOPT|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GIT_\w*(COMMAND|SSH|EDITOR|PAGER)\w*|EDITOR|VISUAL|PAGER|KEYFOLD_\w+)$/;

/**
 * Names variables after secrets: without their folder, and with `_` for what a variable's name cannot hold.
 * @throws CommandError for two secrets that would be one variable, and for what no variable can hold
 */
export function asVariables(
  secrets: readonly Read[],
  { folder = "", named = false }: { folder?: string; named?: boolean } = {},
): { variables: Variables; left: string[] } {
  const from = new Map<string, string>();
  const variables: Variables = {};
  const left: string[] = [];
  for (const { name, value } of secrets) {
    const variable = variableName(name.slice(folder.length));
    if (!named && LOADERS.test(variable)) {
      left.push(name);
      continue;
    }
    const other = from.get(variable);
    if (other !== undefined)
      throw new CommandError(
        EXIT.failed,
        `${other} and ${name} would both be the variable ${variable}. Choose with --only or --path.`,
      );
    if (value.encoding === "base64" || value.unsafelyBytes().includes(0))
      throw new CommandError(
        EXIT.failed,
        `${name} holds bytes that no environment variable can. Leave it out with --only, and read it with: keyfold get`,
      );
    from.set(variable, name);
    variables[variable] = value;
  }
  return { variables, left };
}

/** Opens variables, where a child is started with them or a file is written of them. */
export const openVariables = (variables: Variables): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.unsafelyText()]));

/** A secret's name as an environment variable's (POSIX: letters, digits and _, no digit first). */
export function variableName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_]/g, "_");
  return /^[0-9]/.test(plain) ? `_${plain}` : plain;
}
