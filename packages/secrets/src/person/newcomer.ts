import { randomUUID } from "node:crypto";
import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { findPersonSession, type PersonSession } from "../session/find.ts";
import { ours } from "./ours.ts";
import { insertPerson, type PersonRow } from "./store.ts";

/** The session of whoever is signed in here already; null: nobody is. */
export async function whoIs(services: Services, request: RequestInfo): Promise<PersonSession | null> {
  if (request.credential === null) return null;
  return ours(() => findPersonSession(services, request.credential)).catch((error: unknown) => {
    if (error instanceof KeyfoldError && error.code === "unauthenticated") return null;
    throw error;
  });
}

/** Whoever holds a link is not by that the person of its address: anybody could have made that account before. */
export const signInFirst = () =>
  new KeyfoldError("unauthenticated", {
    sentence:
      "This invitation is for somebody who is here already. Sign in as them, and open the link again.",
  });

/** What is said of an input that only some need. */
export const missing = (path: string) =>
  new KeyfoldError("bad_input", { issues: [{ path, message: "is missing" }] });

/** Somebody who was not here before. @throws KeyfoldError `bad_input` where they did not say who they are */
export async function comeToBe(
  services: Services,
  tx: Pick<Transaction, "sql" | "now">,
  who: {
    email: string;
    name: string | undefined;
    password: string | null;
    operator: boolean;
    createdBy: Record<string, string>;
  },
): Promise<PersonRow> {
  if (who.name === undefined) throw missing("name");
  if (who.password === null) throw missing("password");
  return insertPerson(services, tx, {
    id: randomUUID(),
    email: who.email,
    name: who.name,
    operator: who.operator,
    password: who.password,
    factorRequired: false,
    suspendedAt: null,
    createdAt: tx.now,
    createdBy: who.createdBy,
  });
}
