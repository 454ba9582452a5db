import { resolve } from "node:path";
import { makeIdentity, writeNew } from "@keyfold/recovery";
import { cwdOf, saying } from "../host/on-host.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Makes a pair for recovery: the identity into a new file, to be kept offline, and its public part to the output. */
export function recoveryIdentity(
  terminal: Terminal,
  options: { file: string; quantum?: boolean },
): Promise<number> {
  return saying(async () => {
    const { identity, recipient } = await makeIdentity(options.quantum ?? false);
    const path = resolve(cwdOf(terminal), options.file);
    await writeNew(
      path,
      `# A Keyfold recovery identity: it opens backups. Keep it offline.\n# public key: ${recipient}\n${identity}\n`,
    );
    terminal.out(`${recipient}\n`);
    terminal.err(
      `The identity is in ${options.file}. Move it off this machine; backups are sealed to its public key.\n`,
    );
    return EXIT.done;
  });
}
