import { randomBytes, randomUUID } from "node:crypto";
import { withDeployment } from "@keyfold/db";
import { type Actor, isOfTenant, liveness } from "../access/actor.ts";
import { authenticate, RefusedCaller } from "../access/authenticate.ts";
import { earliest } from "../access/deadline.ts";
import { append } from "../audit/append.ts";
import { asKeyfoldError, KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { RequestInfo } from "../flow/call.ts";
import { databaseError } from "../flow/database-error.ts";
import { encode } from "../flow/event.ts";
import type { Services } from "../flow/services.ts";
import { signOut } from "../person/sign-in.ts";
import { credentialDigest } from "../token/secret.ts";
import { findSession } from "./find.ts";
import { SESSION_SECONDS } from "./seconds.ts";

/**
 * Turns a token into a browser's session: a random secret for an HttpOnly cookie. The session can do what the token
 * can, for eight hours at most, until it is ended or the token is revoked.
 * @throws KeyfoldError `unauthenticated`
 */
export async function startSession(
  services: Services,
  request: RequestInfo,
): Promise<{ secret: string; expiresAt: Date; actor: Actor }> {
  return ours(async () => {
    const actor = await authenticate(services, request).catch(async (error: unknown) => {
      if (error instanceof RefusedCaller) await tellRefused(services, request, error);
      throw error;
    });
    // A session does not beget sessions: it would outlive its own end.
    if (actor.via !== "token") throw new KeyfoldError("unauthenticated");
    const secret = randomBytes(32).toString("base64url");
    const expiresAt = await withDeployment(services.db, async (tx) => {
      const ends = earliest(new Date(tx.now.getTime() + SESSION_SECONDS * 1000), actor.deadline)!;
      const tenantId = isOfTenant(actor) ? actor.tenantId : null;
      const row = services.mac.seal("sessions", tenantId, {
        id: randomUUID(),
        digest: credentialDigest(services.tokenKey, "session", secret),
        tenantId,
        tokenId: actor.id,
        personId: null,
        factorAt: null,
        ip: null,
        userAgent: null,
        expiresAt: ends,
        endedAt: null,
        createdAt: tx.now,
        generation: 1,
      });
      await tx.sql.session.create({ data: row });
      const outcome = await append(
        tx.query,
        tenantId ?? services.deployment,
        [sessionEvent(services, actor, request, "session.started", row.id)],
        {
          token: liveness(actor),
        },
      );
      if (outcome !== "appended") throw new KeyfoldError("unauthenticated");
      return ends;
    });
    return { secret, expiresAt, actor };
  });
}

/** Ends the request's session. Ending one that is no more is no error. */
export async function endSession(services: Services, request: RequestInfo): Promise<void> {
  return ours(async () => {
    if (request.credential?.kind !== "session") return;
    const secret = request.credential.unsafelySecret();
    const digest = credentialDigest(services.tokenKey, "session", secret);
    const session = await unlessEnded(findSession(services, secret));
    if (session === null) return;
    if (session.person !== null) return signOut(services, request);
    const actor = await unlessEnded(authenticate(services, request));
    if (actor === null) return;
    await withDeployment(services.db, async (tx) => {
      const row = await tx.sql.session.findUnique({ where: { digest } });
      if (row === null || row.endedAt !== null) return;
      const { mac: _, ...old } = row;
      const moved = services.mac.seal("sessions", row.tenantId, {
        ...old,
        endedAt: tx.now,
        generation: row.generation + 1,
      });
      await tx.sql.session.update({
        where: { id: row.id, generation: row.generation },
        data: { endedAt: moved.endedAt, generation: moved.generation, mac: moved.mac },
      });
      // The tenant's epoch grows: what a reader built on this session is stale.
      await append(
        tx.query,
        row.tenantId ?? services.deployment,
        [sessionEvent(services, actor, request, "session.ended", row.id)],
        { raise: true },
      );
    });
  });
}

/** A true token that is not taken from where it came: its tenant's audit log hears whose it was. */
async function tellRefused(services: Services, request: RequestInfo, { actor, code }: RefusedCaller) {
  await services.refusals.known({
    chain: actor.tenantId,
    tenant: actor.tenantId,
    actor: { type: actor.type, id: actor.id, name: actor.name, via: actor.via },
    action: "session.started",
    outcome: "denied",
    code,
    target: null,
    request,
  });
}

/** Whoever signs out must hear that it did not work, but not that it was done already. */
const unlessEnded = <T>(found: Promise<T>): Promise<T | null> =>
  found.catch((error: unknown) => {
    if (error instanceof KeyfoldError && error.code === "unauthenticated") return null;
    throw error;
  });

function sessionEvent(
  services: Services,
  actor: Actor,
  request: RequestInfo,
  action: string,
  id: string,
): Buffer {
  const tenant = isOfTenant(actor) ? actor.tenantId : null;
  return encode(
    services.clock(),
    { type: actor.type, id: actor.id, name: actor.name, via: actor.via },
    request,
    tenant,
    action,
    {
      target: { type: "session", id, name: null },
    },
  );
}

async function ours<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await again(work);
  } catch (error) {
    throw asKeyfoldError(databaseError(error) ?? error);
  }
}
