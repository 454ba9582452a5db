import type { Transaction } from "@keyfold/db";
import type { Services } from "../../flow/services.ts";
import { lockPerson, type PersonRow, savePerson } from "../store.ts";

/** Takes all second factors from a person, whose row is locked by the caller. */
export async function clearFactors(
  services: Services,
  tx: Pick<Transaction, "sql" | "query" | "now">,
  person: PersonRow,
): Promise<PersonRow> {
  await tx.sql.personFactor.deleteMany({ where: { personId: person.id } });
  if (!person.factorRequired) return person;
  await savePerson(services, tx, person, { factorRequired: false });
  return lockPerson(services, tx, person.id);
}
