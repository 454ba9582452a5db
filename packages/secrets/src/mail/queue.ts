import { randomUUID } from "node:crypto";
import type { Query } from "@keyfold/db";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";

/*
 * A letter waits sealed, since a link in it lets somebody in: as a value (docs/envelope-v1.md) whose DEK is wrapped under a
 * key that is drawn from the deployment's token key.
 */

const words = { subject: z.string(), text: z.string() };
const letterSchema = z.union([
  z.object({ to: z.string(), ...words }),
  // Their address is looked up when it is sent: a change in a tenant sees no addresses.
  z.object({ person: z.uuid(), ...words }),
]);
export type Addressed = z.infer<typeof letterSchema>;

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
  kind: "invitation" | "reset" | "reminder",
  letterOf: (linkTo: (secret: string) => string) => Addressed,
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
): Addressed {
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
