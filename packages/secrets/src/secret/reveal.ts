import { type Query, withTenantSql } from "@keyfold/db";
import { liveness } from "../access/actor.ts";
import { earliest } from "../access/deadline.ts";
import { append } from "../audit/append.ts";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { holdChain } from "../flow/change.ts";
import { eventBytes } from "../flow/event.ts";
import { onPool } from "../flow/query.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { rememberRead, warmReveal } from "../hot/warm-reveal.ts";
import { memberStands } from "../member/stands.ts";
import { openKeyed, refuseClosed, refusedFrom } from "../version/open.ts";
import { loadSecret, type SecretRefInput } from "./load.ts";
import { noteRead } from "./note-read.ts";
import { revealNames } from "./reveal-names.ts";
import { type RevealedView, revealedView, revealSecretInput } from "./schema.ts";
import { viewRevealed } from "./view.ts";

const ATTEMPTS = 4;

/** The current value of a secret, by id or by name in its place. */
export const revealSecret = defineVerb({
  action: "secret.reveal",
  changes: false,
  summary: "Reveal a secret's current value",
  input: revealSecretInput,
  output: revealedView,
  warm: (services, request, input) => warmReveal(services, "secret.reveal", request, input),
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { name } = input;
    try {
      return await reveal(call, tenantId, input);
    } catch (error) {
      const missing = error instanceof KeyfoldError && error.code === "not_found";
      if (!missing || name === undefined || input.id !== undefined || call.services.upstreams === null)
        throw error;
      return (await revealNames(call, tenantId, input, [name])).get(name)!;
    }
  },
});

/**
 * One value's read: load, check, open, and append its event. The append judges it: if the tenant's epoch moved since
 * the rows were read, or a deadline passed, nothing is appended, the plaintext is dropped, and it reads again.
 * @param number a version; the current one when left out
 */
export async function reveal(
  call: Call,
  tenantId: string,
  ref: SecretRefInput,
  number?: number,
): Promise<RevealedView> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    const answer = await again(() => tryReveal(call, tenantId, onPool(call.services.db), ref, number));
    if (answer !== null) return answer;
  }
  // A tenant that changes faster than we read: hold its chain for this one read.
  const answer = await again(() =>
    withTenantSql(call.services.db, tenantId, async ({ query }) => {
      await holdChain(query, tenantId);
      return tryReveal(call, tenantId, query, ref, number);
    }),
  );
  if (answer === null) throw new KeyfoldError("conflict");
  return answer;
}

async function tryReveal(
  call: Call,
  tenantId: string,
  query: Query,
  ref: SecretRefInput,
  number: number | undefined,
): Promise<RevealedView | null> {
  const loaded = await loadSecret(call, query, tenantId, ref, { number, sealed: true });
  const { secret, version, now, epoch } = loaded;
  await memberStands(query, call.actor, false);
  if (version === null) throw new KeyfoldError(number === undefined ? "secret_empty" : "not_found");
  refuseClosed(version, now);
  const { plaintext, key } = await openKeyed(call, tenantId, loaded);
  try {
    const event = eventBytes(call, tenantId, {
      target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    });
    const deadline = earliest(call.actor.deadline, refusedFrom(version), loaded.until);
    const outcome = await append(query, tenantId, [event], {
      expectedEpoch: epoch,
      deadline,
      token: liveness(call.actor),
    });
    if (outcome === "token" || (outcome === "deadline" && deadline === call.actor.deadline))
      throw new KeyfoldError("unauthenticated");
    if (outcome !== "appended") return null;
    noteRead(call, secret.id, version.number);
    if (number === undefined && call.actor.type === "service_token")
      call.services.comparisons?.saw(call.actor, secret, version.number, plaintext);
    rememberRead(call, number === undefined ? ref : { ...ref, version: number }, loaded, key);
    return viewRevealed(secret, { ...version, openUntil: refusedFrom(version) }, plaintext);
  } finally {
    plaintext.fill(0);
  }
}
