import { withTenant } from "@keyfold/db";
import { liveness } from "../access/actor.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { type PrismaUnit, type Unit, unappended } from "../flow/change.ts";
import { eventBytes, type Happening } from "../flow/event.ts";
import { append, toldNobody } from "./append.ts";
import { type Ends, settled } from "./lost-commit.ts";

/** What happens to a tenant as a whole is told to the deployment's chain too, in the same transaction. */
export async function tellDeployment(unit: Unit, happening: Happening): Promise<void> {
  const { services, actor } = unit.call;
  const told = toldNobody();
  const judge = {
    raise: true,
    deadline: actor.deadline,
    // A tenant's token is looked at in its own chain's append, in the same transaction.
    token: actor.type === "service_token" ? null : liveness(actor),
  };
  const event = eventBytes(unit.call, null, happening);
  const outcome = await append(unit.query, services.deployment, [event], judge, told);
  if (outcome !== "appended") throw unappended(outcome);
  unit.refused({ chain: services.deployment, batch: told.batch, happening });
}

/** An operator reads the deployment's own chain, and that read is appended to it. */
export async function onDeploymentChain<T extends { events: readonly unknown[] }>(
  call: Call,
  read: (unit: Pick<PrismaUnit, "query">) => Promise<T>,
): Promise<T> {
  const { services, actor } = call;
  const transact = (ends: Ends<T>) =>
    withTenant(services.db, services.deployment, async (tx) => {
      const told = toldNobody();
      const page = await read(tx);
      const event = eventBytes(call, null, {
        target: { type: "chain", id: services.deployment, name: null },
        details: { count: page.events.length },
      });
      const outcome = await append(
        tx.query,
        services.deployment,
        [event],
        {
          deadline: actor.deadline,
          token: liveness(actor),
        },
        told,
      );
      if (outcome !== "appended") throw unappended(outcome);
      return ends(services.deployment, told.batch, page);
    });
  return again(() => settled(services.db, transact));
}
