import type { z } from "zod";
import { ACTIONS, type Action } from "../access/actions.ts";
import { type Actor, isOfTenant } from "../access/actor.ts";
import { authenticate, RefusedCaller } from "../access/authenticate.ts";
import { authorize } from "../access/authorize.ts";
import { outcomeOf, refusalDetails } from "../audit/outcome.ts";
import { ANONYMOUS } from "../audit/refusals.ts";
import { asKeyfoldError, describeCause, type ErrorCode, KeyfoldError } from "../error.ts";
import { RowRefused } from "../integrity/row-refused.ts";
import { changedHere } from "../region/gate.ts";
import type { Call, RequestInfo } from "./call.ts";
import { databaseError } from "./database-error.ts";
import type { Target } from "./event.ts";
import type { Services } from "./services.ts";

/** One thing that can be done: what adapters (tRPC, REST, jobs) turn into a way in. */
export interface Verb<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly action: Action;
  /** Whether it changes something: a mutation, or a query. */
  readonly changes: boolean;
  /** One line for the API's documentation. */
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  /**
   * A faster way to the same answer, tried first: from what this process remembers. null where it cannot say; then
   * the call runs in full, and every refusal comes from there.
   */
  warm?(services: Services, request: RequestInfo, input: z.output<I>): Promise<z.input<O> | null>;
  /** `warm` makes its answer itself, of the declared fields and nothing else, which a test shows: it is not narrowed again. */
  readonly warmIsNarrow?: true;
  /** Remembers an answer, narrowed, for `warm` to give once more. @returns whether it was kept, and so is nobody's to change */
  remember?(call: Call, input: z.output<I>, answer: z.output<O>): boolean;
  /** Work for an actor who holds the action somewhere; where exactly is the verb's to check. */
  run(call: Call, input: z.output<I>): Promise<z.input<O>>;
}

/** A verb with its types inferred and checked where it is written. */
export function defineVerb<I extends z.ZodType, O extends z.ZodType>(verb: Verb<I, O>): Verb<I, O> {
  return verb;
}

/**
 * Runs a verb for a request, in the one order: parse, authorize, work (which audits), narrow. What was refused is
 * audited too.
 * @throws KeyfoldError and nothing else
 */
export function invoke<I extends z.ZodType, O extends z.ZodType>(
  services: Services,
  verb: Verb<I, O>,
  request: RequestInfo,
  input: unknown,
): Promise<z.output<O>> {
  let parsed: z.output<I>;
  try {
    parsed = parseInput(verb.input, input);
  } catch (error) {
    return Promise.reject(error);
  }
  return perform(services, verb, request, parsed);
}

/**
 * The verb's faster way alone, for an adapter that asks before it builds anything for a call. null where there is none or
 * it cannot say: then nothing was done, and `invoke` answers. An answer may be shared with other calls: it is not changed.
 * @param input parsed by the verb's schema; it may be frozen, and serve many calls
 * @throws KeyfoldError where the read failed, such as for an event that could not be written; it was audited and logged
 */
export async function invokeWarm<I extends z.ZodType, O extends z.ZodType>(
  services: Services,
  verb: Verb<I, O>,
  request: RequestInfo,
  input: z.output<I>,
): Promise<z.output<O> | null> {
  if (verb.warm === undefined) return null;
  try {
    const warm = await verb.warm(services, request, input);
    if (warm === null) return null;
    // What was remembered was narrowed when it was first given.
    return verb.remember === undefined ? narrowed(verb, warm) : (warm as z.output<O>);
  } catch (error) {
    throw await refused(services, verb.action, request, input, null, error);
  }
}

/** `invoke` for input that was parsed already. */
export function perform<I extends z.ZodType, O extends z.ZodType>(
  services: Services,
  verb: Verb<I, O>,
  request: RequestInfo,
  input: z.output<I>,
): Promise<z.output<O>> {
  return performAs(services, verb, request, input, () => authenticate(services, request));
}

/**
 * `perform` by whom `whoCalls` says: an adapter's way in, and a test's, which has no session of a person at hand.
 * @throws KeyfoldError and nothing else
 */
export async function performAs<I extends z.ZodType, O extends z.ZodType>(
  services: Services,
  verb: Verb<I, O>,
  request: RequestInfo,
  input: z.output<I>,
  whoCalls: () => Promise<Actor>,
): Promise<z.output<O>> {
  let actor: Actor | null = null;
  try {
    const warm = verb.warm === undefined ? null : await verb.warm(services, request, input);
    if (warm !== null) return narrowed(verb, warm);
    actor = await whoCalls();
    request.onActor?.(actor);
    services.uses?.record(actor, request.ip);
    authorize(actor, verb.action);
    if (verb.changes) changedHere(services, actor);
    const call: Call = { services, actor, action: verb.action, request };
    const answer = verb.output.parse(await verb.run(call, input));
    const kept = verb.remember?.(call, input, answer) ?? false;
    return kept ? verb.output.parse(answer) : answer;
  } catch (error) {
    throw await refused(services, verb.action, request, input, actor, error);
  }
}

/** What of a warm answer leaves: declared fields only. */
function narrowed<I extends z.ZodType, O extends z.ZodType>(verb: Verb<I, O>, warm: z.input<O>): z.output<O> {
  return verb.warmIsNarrow ? (warm as z.output<O>) : verb.output.parse(warm);
}

/** Logs and audits what was refused. @returns what its caller hears */
async function refused(
  services: Services,
  action: Action,
  request: RequestInfo,
  input: unknown,
  known: Actor | null,
  error: unknown,
): Promise<KeyfoldError> {
  const refusal = asKeyfoldError(databaseError(error) ?? error);
  if (LOUD.has(refusal.code)) {
    const { correlationId } = request;
    services.log.error(
      { code: refusal.code, action, correlationId, cause: describeCause(refusal.cause) },
      "a call failed",
    );
  }
  const actor = error instanceof RefusedCaller ? error.actor : known;
  await recordRefusal(services, actor, action, request, refusal, input);
  return refusal;
}

/** What the operator must hear of. */
const LOUD: ReadonlySet<ErrorCode> = new Set([
  "internal",
  "integrity_failed",
  "decryption_failed",
  "key_unavailable",
  "database_unavailable",
  "database_slow",
  "database_full",
  "audit_unavailable",
]);

/** @throws KeyfoldError `bad_input` that names paths and rules, never what was given */
export function parseInput<I extends z.ZodType>(schema: I, input: unknown): z.output<I> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new KeyfoldError("bad_input", { issues: issuesOf(parsed.error) });
}

/** What zod found, path by path, in sentences that cannot quote the input. */
export function issuesOf(error: z.core.$ZodError): { path: string; message: string }[] {
  return error.issues.slice(0, 20).map((issue) => ({ path: pathOf(issue.path), message: sentence(issue) }));
}

// A tag's key is the caller's own text, and is not repeated.
function pathOf(path: readonly PropertyKey[]): string {
  const end = path.indexOf("tags");
  return path
    .slice(0, end === -1 ? undefined : end + 1)
    .map(String)
    .join(".");
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "custom":
      return issue.message;
    case "invalid_type":
      return `is not ${issue.expected}`;
    case "invalid_value":
      return `is not one of ${issue.values.length > 12 ? "the allowed values" : issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return "holds a field that is not known here";
    case "too_small":
      return `is below the least allowed, ${issue.minimum}`;
    case "too_big":
      return `is above the most allowed, ${issue.maximum}`;
    case "invalid_format":
      return issue.message.startsWith("is ") ? issue.message : `is not a valid ${issue.format}`;
    default:
      return "is not valid";
  }
}

/** What a refused call named: a reference as it came, whether or not there is such a thing. */
function askedFor(action: Action, input: unknown): Target | null {
  const { id, name, version } = (input ?? {}) as { id?: string; name?: string; version?: number };
  switch (action.split(".")[0]) {
    case "secret":
    case "version":
      return id === undefined && name === undefined
        ? null
        : { type: "secret", id: id ?? null, name: name ?? null, version: version ?? null };
    case "token":
      return id === undefined ? null : { type: "token", id, name: null };
    default:
      return null;
  }
}

/**
 * A known actor's refusal goes to its tenant's chain (an operator's to the deployment's). Who nobody knows is for whoever
 * took the call to count, unless a stored row was not authentic: that is told with the row's name. Its failing changes nothing.
 */
async function recordRefusal(
  services: Services,
  actor: Actor | null,
  action: Action,
  request: RequestInfo,
  refusal: KeyfoldError,
  input: unknown,
): Promise<void> {
  const outcome = outcomeOf(refusal);
  if (outcome === undefined || (actor === null && !(refusal instanceof RowRefused))) return;
  const tenant = actor !== null && isOfTenant(actor) ? actor.tenantId : null;
  const who = actor ?? ANONYMOUS;
  await services.refusals.known({
    chain: tenant ?? services.deployment,
    tenant,
    actor: { type: who.type, id: who.id, name: who.name, via: who.via },
    action: ACTIONS[action].event,
    outcome,
    code: refusal.code,
    // Nothing of what a stranger wrote.
    target: actor === null ? null : askedFor(action, input),
    details: refusalDetails(refusal),
    request,
  });
}
