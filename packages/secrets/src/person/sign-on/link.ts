import { randomUUID } from "node:crypto";
import { type Transaction, withDeployment } from "@keyfold/db";
import type { RequestInfo } from "../../flow/call.ts";
import type { Services } from "../../flow/services.ts";
import { credentialDigest } from "../../token/secret.ts";
import { type FactorRow, factorsOf, insertFactor } from "../factor/store.ts";
import { email as emailSchema } from "../schema.ts";
import { endSessionsOf } from "../session.ts";
import { findPerson, lockPerson, type PersonRow } from "../store.ts";
import { tenantsOf } from "../tenants.ts";
import { tellPerson } from "../told.ts";
import { domainOf } from "./begin.ts";
import type { Said, SignOnProvider } from "./provider.ts";

/** The kind of a factor's row that says who somebody is at a provider. It proves no second factor. */
const SIGN_ON = "oidc";

/**
 * Who somebody is here. By the provider's own id of them, once it is linked; the first time by an address that the
 * provider has verified, of a domain that it speaks for. An address that changed hands there does not change hands here:
 * whoever has it is linked to somebody else already.
 * @returns why nobody, in a word or two of ours
 */
export async function personOf(
  services: Services,
  request: RequestInfo,
  provider: SignOnProvider,
  said: Said,
): Promise<PersonRow | string> {
  return withDeployment(services.db, async (tx) => {
    const digest = credentialDigest(
      services.tokenKey,
      "sign-on",
      JSON.stringify(["subject", provider.issuer, said.subject]),
    );
    const row = (await tx.sql.personFactor.findUnique({ where: { digest } })) as FactorRow | null;
    if (row !== null) {
      services.mac.check("personFactors", null, row);
      const person = row.kind === SIGN_ON ? await findPerson(services, tx, { id: row.personId }) : null;
      return person === null ? "nobody" : allowed(tx, provider, person);
    }
    const address = emailSchema.safeParse(said.email ?? "");
    if (!address.success) return "no address";
    if (!said.emailVerified) return "an address that is not verified";
    if (!provider.domains.includes(domainOf(address.data))) return "an address of another domain";
    const known = await findPerson(services, tx, { email: address.data });
    const person = known === null ? "nobody" : await allowed(tx, provider, known);
    if (typeof person === "string") return person;
    const locked = await lockPerson(services, tx, person.id);
    const factors = await factorsOf(services, tx, locked.id);
    if (factors.some(({ kind, name }) => kind === SIGN_ON && name === nameOf(provider)))
      return "somebody else's address";
    await insertFactor(services, tx, {
      id: randomUUID(),
      personId: locked.id,
      kind: SIGN_ON,
      name: nameOf(provider),
      sealed: null,
      dekWrap: null,
      digest,
      publicKey: null,
      counter: 0n,
      confirmedAt: null,
      usedAt: null,
      createdAt: tx.now,
    });
    // Another way to sign in: what was signed in before is asked to prove itself again.
    const ended = await endSessionsOf(services, tx, locked.id, "all");
    await tellPerson(services, tx, request, locked, "oidc", "person.sign_on_linked", {
      target: { type: "person", id: locked.id, name: locked.name },
      details: { issuer: provider.issuer, ended },
    });
    return locked;
  });
}

/** A name that fits a factor's row, and tells two issuers apart. */
const nameOf = ({ issuer }: SignOnProvider): string => issuer.slice(0, 255);

/** An operator does not come in by what speaks for one tenant, and nobody by another tenant's. */
async function allowed(
  tx: Pick<Transaction, "query">,
  provider: SignOnProvider,
  person: PersonRow,
): Promise<PersonRow | string> {
  if (person.operator) return "an operator";
  if (person.suspendedAt !== null) return "somebody suspended";
  const tenants = await tenantsOf(tx, person.id);
  return tenants.some(({ slug }) => slug === provider.tenant) ? person : "no member of the tenant";
}
