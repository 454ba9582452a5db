import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Ports that no system gives to whoever asks for any (those begin at 32768 on Linux, at 49152 elsewhere). */
const ASKED_FOR = [20_000, 32_000] as const;

/**
 * A port that is free, and that nobody is given by chance until a program that was just started gets to it. As text, as a setting
 * takes it.
 */
export async function freePort(): Promise<string> {
  for (;;) {
    const probe = createServer();
    const port = randomInt(...ASKED_FOR);
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return String(port);
  }
}
