import { type Query, withTenantSql } from "@keyfold/db";
import { liveness, standsByEpoch } from "../../access/actor.ts";
import { earliest } from "../../access/deadline.ts";
import { type AppendOutcome, append, toldNobody } from "../../audit/append.ts";
import { appendAlone, holdChain, settled } from "../../audit/lost-commit.ts";
import { type ErrorCode, KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Call, RequestInfo } from "../../flow/call.ts";
import { databaseError } from "../../flow/database-error.ts";
import { eventBytes } from "../../flow/event.ts";
import { onPool } from "../../flow/query.ts";
import type { Services } from "../../flow/services.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { forgetReader, type KnownReader, knownReader } from "../../hot/known-reader.ts";
import { type RevealInput, rememberRead, warmReveal } from "../../hot/warm-reveal.ts";
import { memberStands } from "../../member/stands.ts";
import { openKeyed, refuseClosed, refusedFrom } from "../../version/open.ts";
import { loadSecret, type SecretRefInput } from "../load.ts";
import { type RevealedView, revealedView, revealSecretInput } from "../schema.ts";
import { revealedFacts, viewRevealed } from "../view.ts";
import { revealNames } from "./names.ts";
import { noteRead } from "./note-read.ts";

const ATTEMPTS = 4;

/** The current value of a secret, by id or by name in its place. */
export const revealSecret = defineVerb({
  action: "secret.reveal",
  changes: false,
  summary: "Reveal a secret's current value",
  input: revealSecretInput,
  output: revealedView,
  warm: (services, request, input) => revealKnown(services, "secret.reveal", request, input),
  warmIsNarrow: true,
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
    const answer = await again(() => tryReveal(call, tenantId, shared(call, tenantId), ref, number));
    if (answer !== null) return answer;
  }
  // A tenant that changes faster than we read: hold its chain for this one read.
  const told = toldNobody();
  const answer = await again(() =>
    settled<RevealedView | null>(call.services.db, (ends) =>
      withTenantSql(call.services.db, tenantId, async ({ query }) => {
        await holdChain(query, tenantId);
        const held: Source = {
          query,
          append: (event, judge) =>
            append(query, tenantId, [event], { ...judge, token: liveness(call.actor) }, told),
        };
        return ends(tenantId, told.batch, await tryReveal(call, tenantId, held, ref, number));
      }),
    ),
  );
  if (answer === null) throw new KeyfoldError("conflict");
  return answer;
}

/** A database to read from, and what appends the read's event, judged by epoch and deadline. */
interface Source {
  query: Query;
  append(event: Buffer, judge: { expectedEpoch: bigint; deadline: Date | null }): Promise<AppendOutcome>;
}

/** In a commit with others' where the epoch says that the caller still may, and else in one of its own. */
const shared = ({ services, actor }: Pick<Call, "services" | "actor">, tenantId: string): Source => ({
  query: onPool(services.db),
  append: (event, judge) =>
    standsByEpoch(actor, judge.expectedEpoch)
      ? services.hot.appender.append(tenantId, event, judge.expectedEpoch, judge.deadline)
      : appendAlone(services.db, tenantId, [event], { ...judge, token: liveness(actor) }),
});

/**
 * A read by a token that this process remembers: of what it remembers of the value too, or else in one statement and a
 * share of a commit.
 * @returns null where anything is not known or refused: then the read begins with who calls, and that answer counts
 */
export function revealKnown(
  services: Services,
  action: "secret.reveal" | "version.reveal",
  request: RequestInfo,
  input: RevealInput,
): Promise<RevealedView | null> {
  const known = knownReader(services, action, request, input);
  if (known === null) return NOTHING;
  const warm = warmReveal(services, action, request, input, known);
  return warm ?? revealOnce({ services, actor: known.actor, action, request }, input, known);
}

const NOTHING = Promise.resolve(null);

/** One try of a read by a token that was remembered, of a value that was not. */
async function revealOnce(call: Call, input: RevealInput, known: KnownReader): Promise<RevealedView | null> {
  const { tenantId } = known.actor;
  try {
    return await tryReveal(call, tenantId, shared(call, tenantId), input, input.version, known);
  } catch (error) {
    const ours = error instanceof KeyfoldError ? error : databaseError(error);
    if (ours !== null && NOT_NOW.has(ours.code)) throw ours;
    return null;
  }
}

/** What would fail once more, only later. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set([
  "audit_unavailable",
  "database_slow",
  "database_unavailable",
]);

async function tryReveal(
  call: Call,
  tenantId: string,
  { query, append }: Source,
  ref: SecretRefInput,
  number: number | undefined,
  known?: KnownReader,
): Promise<RevealedView | null> {
  const loaded = await loadSecret(call, query, tenantId, ref, { number, sealed: true });
  const { secret, version, now, epoch } = loaded;
  // Who calls was remembered from another epoch: it is to be asked anew.
  if (known !== undefined && !standsByEpoch(call.actor, epoch)) return forgetReader(known);
  await memberStands(query, call.actor, false);
  if (version === null) throw new KeyfoldError(number === undefined ? "secret_empty" : "not_found");
  refuseClosed(version, now);
  const { value, key } = await openKeyed(call, tenantId, loaded);
  try {
    const event = eventBytes(call, tenantId, {
      target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    });
    const deadline = earliest(call.actor.deadline, refusedFrom(version), loaded.until);
    const outcome = await append(event, { expectedEpoch: epoch, deadline });
    if (outcome !== "appended") value.wipe();
    if (known !== undefined && outcome !== "appended") return forgetReader(known);
    if (outcome === "token" || (outcome === "deadline" && deadline === call.actor.deadline))
      throw new KeyfoldError("unauthenticated");
    if (outcome !== "appended") return null;
    noteRead(call, secret.id, version.number);
    if (number === undefined && call.actor.type === "service_token")
      call.services.comparisons?.saw(call.actor, secret, version.number, value);
    rememberRead(call, number === undefined ? ref : { ...ref, version: number }, loaded, key);
    return viewRevealed(revealedFacts(secret, version), value);
  } catch (error) {
    value.wipe();
    throw error;
  }
}
