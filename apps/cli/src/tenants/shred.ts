import { connection } from "../connection.ts";
import { printable } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";

interface Shred {
  tenant: string;
  slug: string;
  state: "requested" | "waiting" | "erasing" | "shredded" | "cancelled";
  reason: string;
  wait_seconds: number;
  requested_by: { type: string; name: string };
  due_at: string | null;
  finished_at: string | null;
}

const path = (tenant: string, deed = "") => `/tenants/${encodeURIComponent(tenant)}/shred${deed}`;

export async function request(
  terminal: Terminal,
  tenant: string,
  options: { confirm: string; reason: string },
): Promise<number> {
  const shred = await connection(terminal.env).call<Shred>("POST", path(tenant), options);
  return say(terminal, shred);
}

export async function agree(
  terminal: Terminal,
  tenant: string,
  options: { confirm: string },
): Promise<number> {
  return say(terminal, await connection(terminal.env).call<Shred>("POST", path(tenant, "/agree"), options));
}

export async function cancel(
  terminal: Terminal,
  tenant: string,
  options: { reason: string },
): Promise<number> {
  return say(terminal, await connection(terminal.env).call<Shred>("POST", path(tenant, "/cancel"), options));
}

export async function status(
  terminal: Terminal,
  tenant: string,
  options: { json?: boolean },
): Promise<number> {
  const shred = await connection(terminal.env).call<Shred>("GET", path(tenant));
  if (!options.json) return say(terminal, shred);
  terminal.out(`${JSON.stringify(shred)}\n`);
  return EXIT.done;
}

/** Ends what is due. Exit code 1 where something is not done yet. */
export async function runDue(terminal: Terminal): Promise<number> {
  const { shreds } = await connection(terminal.env).call<{
    shreds: { tenant: string; state: string | null; problem: string | null }[];
  }>("POST", "/shreds/run", {});
  if (shreds.length === 0) terminal.out("Nothing is due.\n");
  for (const { tenant, problem } of shreds)
    terminal.out(
      problem === null
        ? `${tenant} is shredded: keyfold tenants shred receipt ${tenant}\n`
        : problem === "held_back"
          ? `${tenant}: its keys are destroyed, and dead rows of them are still there: an old transaction or a replication slot holds them. It is tried again every minute.\n`
          : `${tenant} could not be shredded (${problem}). The server's log says why.\n`,
    );
  return shreds.some(({ problem }) => problem !== null) ? EXIT.failed : EXIT.done;
}

function say(terminal: Terminal, shred: Shred): number {
  const days = Math.round(shred.wait_seconds / 86_400);
  const other = shred.requested_by.type === "operator" ? "The tenant's owner" : "An operator";
  terminal.out(
    `${shred.slug} (${shred.tenant}): ${
      {
        requested: `asked for by ${printable(shred.requested_by.name)}. ${other} must agree; then ${days} days pass.`,
        waiting: `both sides agreed. Its keys are destroyed from ${shred.due_at} on; until then either side can cancel.`,
        erasing: "its keys are destroyed, and what they leave behind is being erased.",
        shredded: `shredded on ${shred.finished_at}: keyfold tenants shred receipt ${shred.tenant}`,
        cancelled: "cancelled. Nothing was destroyed.",
      }[shred.state]
    }\n`,
  );
  return EXIT.done;
}
