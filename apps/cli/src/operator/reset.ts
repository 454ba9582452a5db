import { KeyfoldError } from "@keyfold/secrets";
import { onHost } from "../host/on-host.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** A link for an operator who cannot sign in any more: to standard output alone. */
export function reset(terminal: Terminal, email: string): Promise<number> {
  return onHost(terminal, async ({ keyfold, config }) => {
    const { addressOf, linkTo } = await import("@keyfold/api/host");
    const { secret, expiresAt, known } = await keyfold.people.host
      .resetOperator(email)
      .catch((error: unknown) => {
        if (!(error instanceof KeyfoldError && error.code === "bad_input")) throw error;
        throw new CommandError(EXIT.usage, "This is no e-mail address. Give one such as ada@example.com.");
      });
    terminal.out(`${linkTo(addressOf(config, config.port), secret)}\n`);
    terminal.err(
      known
        ? `Opened before ${expiresAt.toISOString()}, once, it sets a new password and takes the second factors away.\n`
        : `Nobody of this address runs the deployment. Opened before ${expiresAt.toISOString()}, once, it makes them an operator.\n`,
    );
    return EXIT.done;
  });
}
