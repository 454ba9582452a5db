import { randomBytes, randomUUID } from "node:crypto";
import { type Transaction, withDeployment } from "@keyfold/db";
import { fitText } from "@keyfold/ledger";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { id as idSchema } from "../input/text.ts";
import { findPersonSession, type PersonSession } from "../session/find.ts";
import { SESSION_SECONDS } from "../session/seconds.ts";
import { credentialDigest } from "../token/secret.ts";
import { ours } from "./ours.ts";
import { lockPerson, type PersonRow } from "./store.ts";
import { tellPerson } from "./told.ts";

/** A session that was started: the secret goes into the cookie, and nowhere else. */
export interface Started {
  secret: string;
  expiresAt: Date;
  person: Pick<PersonRow, "id" | "operator">;
}

/** Starts a person's session, in the transaction of what proved who they are. */
export async function startPersonSession(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  request: RequestInfo,
  person: PersonRow,
  {
    factorAt,
    tenantId = null,
    until,
  }: { factorAt: Date | null; tenantId?: string | null /** No longer than this. */; until?: Date },
): Promise<Started> {
  const secret = randomBytes(32).toString("base64url");
  const expiresAt = until ?? new Date(now.getTime() + SESSION_SECONDS * 1000);
  const row = services.mac.seal("sessions", tenantId, {
    id: randomUUID(),
    digest: credentialDigest(services.tokenKey, "session", secret),
    tenantId,
    tokenId: null,
    personId: person.id,
    factorAt,
    ip: request.ip,
    userAgent: request.userAgent === null ? null : fitText(request.userAgent, 512),
    expiresAt,
    endedAt: null,
    createdAt: now,
    generation: 1,
  });
  await sql.session.create({ data: row });
  return { secret, expiresAt, person: { id: person.id, operator: person.operator } };
}

/**
 * Ends sessions of a person: each is refused by the next append anywhere. The person's row is locked by the caller.
 * @param which one of them, or all
 * @returns how many there were
 */
export async function endSessionsOf(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  personId: string,
  which: { id: string } | "all",
): Promise<number> {
  const rows = await sql.session.findMany({
    where: { personId, endedAt: null, expiresAt: { gt: now }, ...(which === "all" ? {} : { id: which.id }) },
  });
  for (const { mac: _, ...old } of rows) {
    const ended = services.mac.seal("sessions", old.tenantId, {
      ...old,
      endedAt: now,
      generation: old.generation + 1,
    });
    const { count } = await sql.session.updateMany({
      where: { id: old.id, generation: old.generation },
      data: { endedAt: now, generation: ended.generation, mac: ended.mac },
    });
    if (count !== 1) throw new KeyfoldError("conflict");
  }
  return rows.length;
}

/**
 * What every change of how somebody signs in ends with: all their sessions end, and another takes the place of the one that
 * asked. The person's row is locked by the caller.
 * @throws KeyfoldError `unauthenticated` where the one that asked had ended meanwhile
 */
export async function renewSession(
  services: Services,
  tx: Pick<Transaction, "sql" | "now">,
  request: RequestInfo,
  person: PersonRow,
  asking: PersonSession,
  factorAt: Date | null,
): Promise<Started> {
  if ((await endSessionsOf(services, tx, person.id, { id: asking.id })) === 0)
    throw new KeyfoldError("unauthenticated");
  await endSessionsOf(services, tx, person.id, "all");
  return startPersonSession(services, tx, request, person, { factorAt, tenantId: asking.tenantId });
}

/** The sessions of whoever asks, newest first. @throws KeyfoldError `unauthenticated` */
export async function listSessions(services: Services, request: RequestInfo) {
  return ours(async () => {
    const { id, person } = await findPersonSession(services, request.credential);
    const rows = await withDeployment(services.db, ({ sql, now }) =>
      sql.session.findMany({
        where: { personId: person.id, endedAt: null, expiresAt: { gt: now } },
        orderBy: [{ createdAt: "desc" }, { id: "asc" }],
        take: 200,
      }),
    );
    return rows.map((row) => ({
      id: row.id,
      current: row.id === id,
      ip: row.ip,
      userAgent: row.userAgent,
      startedAt: row.createdAt.toISOString(),
      expiresAt: row.expiresAt.toISOString(),
      factorAt: iso(row.factorAt),
    }));
  });
}

/**
 * Ends one session of whoever asks, or (null) all but the one that asks. One that is no more is no error.
 * @throws KeyfoldError `unauthenticated`
 */
export async function revokeSessions(services: Services, request: RequestInfo, given: string | null) {
  const id = given === null ? null : parseInput(idSchema, given);
  return ours(async () => {
    const asking = await findPersonSession(services, request.credential);
    return withDeployment(services.db, async (tx) => {
      await lockPerson(services, tx, asking.person.id);
      let ended = 0;
      if (id === null) {
        const others = await tx.sql.session.findMany({
          where: { personId: asking.person.id, endedAt: null, id: { not: asking.id } },
          select: { id: true },
        });
        for (const other of others) ended += await endSessionsOf(services, tx, asking.person.id, other);
      } else ended = await endSessionsOf(services, tx, asking.person.id, { id });
      if (ended > 0)
        await tellPerson(services, tx, request, asking.person, "session", "person.sessions_ended", {
          target: { type: "person", id: asking.person.id, name: asking.person.name },
          details: { ended },
        });
      return { ended };
    });
  });
}
