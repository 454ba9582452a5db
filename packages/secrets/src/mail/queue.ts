import { randomUUID } from "node:crypto";
import type { Query } from "@keyfold/db";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import type { Letter } from "./transport.ts";

/*
 * A letter waits sealed, since a link in it lets somebody in: as a value (docs/envelope-v1.md) whose DEK is wrapped under a
 * key that is drawn from the deployment's token key.
 */

const letterSchema = z.object({ to: z.string(), subject: z.string(), text: z.string() });

const placeOf = ({ deployment }: Services, id: string) => ({
  deployment,
  tenant: deployment,
  project: id,
  environment: id,
  secret: id,
  version: 1,
});

/** Writes a letter with what it is about, in the same transaction. Where no mail is sent, nothing is written. */
export async function queueMail(
  services: Services,
  query: Query,
  kind: "invitation" | "reset",
  letterOf: (linkTo: (secret: string) => string) => Letter,
): Promise<void> {
  if (services.mail === null) return;
  const id = randomUUID();
  const place = placeOf(services, id);
  const bytes = Buffer.from(JSON.stringify(letterOf(services.mail.linkTo)));
  try {
    const { sealed, dek } = services.envelope.sealValue(bytes, place);
    const wrap = services.envelope.wrapDek(dek, services.people.mailKey, {
      ...place,
      purpose: "value",
      term: 1,
    });
    await query("SELECT control_plane.queue_mail($1::uuid, $2, $3::bytea, $4::bytea)::text", [
      id,
      kind,
      sealed,
      wrap,
    ]);
  } finally {
    bytes.fill(0);
  }
}

/** @throws KeyfoldError `decryption_failed` */
export function openLetter(
  services: Services,
  row: { id: string; sealed: Uint8Array; dekWrap: Uint8Array },
): Letter {
  const place = placeOf(services, row.id);
  try {
    const dek = services.envelope.unwrapDek(row.dekWrap, services.people.mailKey, {
      ...place,
      purpose: "value",
      term: 1,
    });
    const bytes = services.envelope.openValue(row.sealed, dek, place);
    try {
      return letterSchema.parse(JSON.parse(bytes.toString("utf8")));
    } finally {
      bytes.fill(0);
    }
  } catch (error) {
    throw new KeyfoldError("decryption_failed", { cause: error });
  }
}
