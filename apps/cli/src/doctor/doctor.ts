import { isKeyfoldError } from "@keyfold/client";
import { clientOf } from "../place/client.ts";
import { findPlace, type Place, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { ownVersion } from "../version.ts";

/** One thing that was looked at. */
export interface Check {
  what: string;
  ok: boolean;
  /** What was found, and where it is not well, what to do. */
  found: string;
}

/** A clock that is further off than this makes deadlines and signatures wrong, in seconds. */
const MOST_SKEW = 30;

/** Looks at what a person who says "it does not work" should look at first. Ends with 1 where something is wrong. */
export async function doctor(
  terminal: Terminal,
  options: PlaceOptions & { json?: boolean },
  clock: () => number = Date.now,
): Promise<number> {
  const checks: Check[] = [];
  const place = await findPlace(terminal, options).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    checks.push({ what: "settings", ok: false, found: error.message });
    return null;
  });
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const able = major > 24 || (major === 24 && minor >= 12);
  checks.push({
    what: "version",
    ok: able,
    found: `keyfold ${await ownVersion()} on Node ${process.versions.node}.${able ? "" : " It needs Node 24.12 or later: install that."}`,
  });
  if (place !== null) {
    checks.push({ what: "settings", ok: true, found: `${place.url}, with a token` });
    await look(place, checks, clock);
  }
  if (options.json) terminal.out(`${JSON.stringify(checks)}\n`);
  else
    for (const { what, ok, found } of checks)
      terminal.out(`${ok ? "ok   " : "WRONG"}  ${what.padEnd(9)}  ${found}\n`);
  return checks.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
}

async function look(place: Place, checks: Check[], clock: () => number): Promise<void> {
  const add = (what: string, ok: boolean, found: string) => void checks.push({ what, ok, found });
  const asked = (path: string) =>
    fetch(`${place.url}${path}`, {
      headers: { authorization: `Bearer ${place.token}` },
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    }).catch(() => null);

  const alive = await asked("/healthz");
  const body = (await alive?.json().catch(() => null)) as { status?: string } | null | undefined;
  if (alive === null)
    return add("address", false, "Nothing answers there. Is the address right, and the server up?");
  if (body?.status !== "alive")
    return add(
      "address",
      false,
      "What answers there is no Keyfold server. Is the address right, with its path?",
    );
  const plain = place.url.startsWith("http:") && !/^http:\/\/(localhost|127\.|\[::1\])/.test(place.url);
  add(
    "address",
    !plain,
    plain
      ? "It answers, but without TLS: tokens and values are readable on the way. Use https."
      : "It answers.",
  );

  const date = Date.parse(alive.headers.get("date") ?? "");
  if (Number.isFinite(date)) {
    const skew = Math.round((clock() - date) / 1000);
    add(
      "clock",
      Math.abs(skew) <= MOST_SKEW,
      Math.abs(skew) <= MOST_SKEW
        ? "It agrees with the server's."
        : `It is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the server's. Set it by a time server.`,
    );
  }

  const ready = await asked("/readyz");
  const state = (await ready?.json().catch(() => null)) as {
    errors?: { path: string; message: string }[];
  } | null;
  if (ready?.ok) add("server", true, "It is ready: database, migrations, role and root key.");
  else {
    const issues = state?.errors ?? [];
    const hidden = "It is not ready. It says why to operators, and to who asks on its own machine.";
    add(
      "server",
      false,
      issues.length === 0 ? hidden : issues.map(({ path, message }) => `${path}: ${message}`).join(" "),
    );
  }

  try {
    const me = await clientOf(place).trpc.identity.get.query();
    const until = me.until === null ? "" : `, until ${me.until}`;
    add(
      "token",
      true,
      `${me.name} (${me.tenant === null ? "an operator" : `tenant ${me.tenant.slug}`}${until})`,
    );
  } catch (error) {
    if (!isKeyfoldError(error)) throw error;
    const hint = error.code === "unauthenticated" ? " Sign in again: keyfold login" : "";
    add("token", false, `${error.message}${hint}`);
  }
}
