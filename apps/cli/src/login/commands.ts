import type { Command } from "commander";
import { examples } from "../examples.ts";
import { placed } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";

/** `keyfold login`, `logout`, `whoami`, `init`. Each command's own file is loaded when it is run. */
export function addLogin(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  program
    .command("login")
    .description("keep a token for a server: in the system's keyring, or in a file that only you can read")
    .option("--url <address>", "where the server is")
    .option("--browser", "sign in with the panel, and confirm there what stands here")
    .option("--oidc", "exchange the token that CI or the cluster gives this process for one of minutes")
    .option("--tenant <slug>", "the tenant whose rules say so, with --oidc")
    .addHelpText(
      "after",
      examples(
        "keyfold login --url https://secrets.example.com",
        "keyfold login < token-file",
        "keyfold login --oidc --tenant acme",
      ),
    )
    .action(async (options) => end(await (await import("./login.ts")).login(terminal, options)));
  program
    .command("logout")
    .description("forget a server's token on this machine")
    .option("--url <address>", "where the server is")
    .addHelpText("after", examples("keyfold logout"))
    .action(async (options) => end(await (await import("./logout.ts")).logout(terminal, options)));
  placed(program.command("whoami"))
    .description("show whose token is used, what it may, and where commands go")
    .option("--json", "print it as JSON")
    .addHelpText("after", examples("keyfold whoami --json"))
    .action(async (options) => end(await (await import("./whoami.ts")).whoami(terminal, options)));
  placed(program.command("init"))
    .description("write keyfold.json: where this folder's secrets are, and no secret")
    .option("--force", "write it anew")
    .addHelpText("after", examples("keyfold init --url https://secrets.example.com --project shop --env dev"))
    .action(async (options) => end(await (await import("./init.ts")).init(terminal, options)));
}
