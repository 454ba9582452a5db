import type { Transaction } from "@keyfold/db";
import { append } from "../audit/append.ts";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import { encode, type Happening } from "../flow/event.ts";
import type { Services } from "../flow/services.ts";
import type { PersonRow } from "./store.ts";

/** How a person was known when they did something. */
export type Via = "password" | "totp" | "recovery" | "passkey" | "oidc" | "link" | "session";

/**
 * Tells the deployment's chain what a person did, in the deed's own transaction.
 * @param who null: nobody who is known
 */
export async function tellPerson(
  services: Services,
  { query }: Pick<Transaction, "query">,
  request: RequestInfo,
  who: Pick<PersonRow, "id" | "name" | "operator"> | null,
  via: Via | null,
  action: string,
  happening: Happening,
): Promise<void> {
  const actor = {
    type: who === null ? ("anonymous" as const) : who.operator ? ("operator" as const) : ("user" as const),
    id: who?.id ?? null,
    name: who?.name ?? null,
    via,
  };
  const event = encode(services.clock(), actor, request, null, action, happening);
  const outcome = await append(query, services.deployment, [event], {});
  if (outcome !== "appended") throw new KeyfoldError("conflict");
}
