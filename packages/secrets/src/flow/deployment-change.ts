import { type Transaction, withDeployment } from "@keyfold/db";
import { liveness } from "../access/actor.ts";
import { append, toldNobody } from "../audit/append.ts";
import { type Ends, settled } from "../audit/lost-commit.ts";
import { again } from "./again.ts";
import type { Call } from "./call.ts";
import { unappended } from "./change.ts";
import { eventBytes, type Happening } from "./event.ts";

export interface DeploymentUnit extends Transaction {
  readonly call: Call;
  /** Tells the deployment's own audit chain. */
  record(happening: Happening): void;
}

/** Runs an operator's work on the deployment's own tables, what it recorded appended to the deployment's chain. */
export async function onDeployment<T>(call: Call, work: (unit: DeploymentUnit) => Promise<T>): Promise<T> {
  const { services, actor } = call;
  const transact = (ends: Ends<T>) =>
    withDeployment(services.db, async (tx) => {
      const events: Buffer[] = [];
      const told = toldNobody();
      const result = await work({
        ...tx,
        call,
        record: (happening) => events.push(eventBytes(call, null, happening)),
      });
      if (events.length === 0) return result;
      const outcome = await append(
        tx.query,
        services.deployment,
        events,
        {
          raise: true,
          deadline: actor.deadline,
          token: liveness(actor),
        },
        told,
      );
      if (outcome !== "appended") throw unappended(outcome);
      return ends(services.deployment, told.batch, result);
    });
  return again(() => settled(services.db, transact));
}
