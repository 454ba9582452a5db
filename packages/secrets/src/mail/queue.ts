import { randomUUID } from "node:crypto";
import type { Query } from "@keyfold/db";
import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import { openApart, sealApart } from "../key/sealed-apart.ts";

/*
 * A letter waits sealed (key/sealed-apart.ts), since a link in it lets somebody in: under a key that is drawn from the
 * deployment's token key.
 */

const words = { subject: z.string(), text: z.string() };
const letterSchema = z.union([
  z.object({ to: z.string(), ...words }),
  // Their address is looked up when it is sent: a change in a tenant sees no addresses.
  z.object({ person: z.uuid(), ...words }),
]);
export type Addressed = z.infer<typeof letterSchema>;

/** Writes a letter with what it is about, in the same transaction. Where no mail is sent, nothing is written. */
export async function queueMail(
  services: Services,
  query: Query,
  kind: "invitation" | "reset" | "reminder",
  letterOf: (linkTo: (secret: string) => string) => Addressed,
): Promise<void> {
  if (services.mail === null) return;
  const id = randomUUID();
  const letter = SecretValue.ofText(JSON.stringify(letterOf(services.mail.linkTo)));
  try {
    const { sealed, dekWrap } = sealApart(services, { id }, services.people.mailKey, letter);
    await query("SELECT control_plane.queue_mail($1::uuid, $2, $3::bytea, $4::bytea)::text", [
      id,
      kind,
      sealed,
      dekWrap,
    ]);
  } finally {
    letter.wipe();
  }
}

/** @throws KeyfoldError `decryption_failed` */
export function openLetter(
  services: Services,
  row: { id: string; sealed: Uint8Array; dekWrap: Uint8Array },
): Addressed {
  const letter = openApart(services, { id: row.id }, services.people.mailKey, row);
  try {
    return letterSchema.parse(JSON.parse(letter.unsafelyText()));
  } catch (error) {
    throw new KeyfoldError("decryption_failed", { cause: error });
  } finally {
    letter.wipe();
  }
}
