import { randomUUID } from "node:crypto";
import { withDeployment } from "@keyfold/db";
import type { UserActor } from "../access/actor.ts";
import { authenticate } from "../access/authenticate.ts";
import { insideOf } from "../host/inside.ts";
import { startPersonSession } from "../person/session.ts";
import { insertPerson } from "../person/store.ts";
import { requestInfo } from "../router/context.ts";
import { t } from "../router/procedures.ts";
import type { KeyfoldServer } from "../server.ts";
import type { Caller } from "./house.ts";

export interface Person {
  id: string;
  name: string;
  /** The secret of their session in the tenant. */
  session: string;
  caller: Caller;
  /** Whom a call is made as now. @throws KeyfoldError `unauthenticated` for who is no member */
  actor(): Promise<UserActor>;
  /** The same person with a second factor proved so many seconds ago, or somewhere else: in a session of its own. */
  again(facts: { factorSecondsAgo?: number; server?: KeyfoldServer; tenantId?: string }): Promise<Person>;
}

/** A person with a session in a tenant; what they may there is for a membership to say. */
export async function personOf(server: KeyfoldServer, tenantId: string, name = "Somebody"): Promise<Person> {
  const services = insideOf.get(server)!;
  const person = await withDeployment(services.db, async (tx) =>
    insertPerson(services, tx, {
      id: randomUUID(),
      email: `${randomUUID()}@example.com`,
      name,
      operator: false,
      password: null,
      factorRequired: false,
      suspendedAt: null,
      createdAt: tx.now,
      createdBy: { type: "job", id: "test", name: "test" },
    }),
  );
  const signIn = async (at: { factorSecondsAgo?: number; server?: KeyfoldServer; tenantId?: string }) => {
    const where = at.server ?? server;
    const { secret } = await withDeployment(services.db, (tx) =>
      startPersonSession(services, tx, requestInfo({}), person, {
        tenantId: at.tenantId ?? tenantId,
        factorAt:
          at.factorSecondsAgo === undefined ? null : new Date(tx.now.getTime() - at.factorSecondsAgo * 1000),
      }),
    );
    const request = () => requestInfo({ session: secret, userAgent: "test" });
    const one: Person = {
      id: person.id,
      name,
      session: secret,
      caller: t.createCallerFactory(where.router)({ keyfold: request() }),
      actor: () => authenticate(insideOf.get(where)!, request()) as Promise<UserActor>,
      again: signIn,
    };
    return one;
  };
  return signIn({});
}
