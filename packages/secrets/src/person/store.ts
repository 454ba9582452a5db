import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";

export interface PersonRow {
  id: string;
  email: string;
  name: string;
  operator: boolean;
  password: string | null;
  factorRequired: boolean;
  suspendedAt: Date | null;
  createdAt: Date;
  createdBy: unknown;
  generation: number;
  mac: Uint8Array;
}

type Tx = Pick<Transaction, "sql" | "query" | "now">;

/** A person by id or address, authentic; null where there is none. @throws KeyfoldError `integrity_failed` */
export async function findPerson(
  services: Services,
  { sql }: Pick<Transaction, "sql">,
  where: { id: string } | { email: string },
): Promise<PersonRow | null> {
  const row = await sql.person.findUnique({ where });
  if (row !== null) services.mac.check("people", null, row);
  return row;
}

/** A person by id, locked until the transaction ends. @throws KeyfoldError `not_found`, `integrity_failed` */
export async function lockPerson(services: Services, tx: Tx, id: string): Promise<PersonRow> {
  await tx.query("SELECT FROM control_plane.people WHERE id = $1::uuid FOR UPDATE", [id]);
  const row = await findPerson(services, tx, { id });
  if (row === null) throw new KeyfoldError("not_found");
  return row;
}

/** Writes a changed person. @throws KeyfoldError `conflict` where somebody else was faster */
export async function savePerson(
  services: Services,
  { sql }: Pick<Transaction, "sql">,
  old: PersonRow,
  change: Partial<Pick<PersonRow, "name" | "operator" | "password" | "factorRequired" | "suspendedAt">>,
): Promise<PersonRow> {
  const { mac: _, ...before } = old;
  const row = services.mac.seal("people", null, { ...before, ...change, generation: old.generation + 1 });
  const { createdBy: _by, ...data } = row;
  const { count } = await sql.person.updateMany({ where: { id: old.id, generation: old.generation }, data });
  if (count !== 1) throw new KeyfoldError("conflict");
  return row;
}

/** A new person's row. @throws KeyfoldError `name_taken` for an address that somebody has */
export async function insertPerson(
  services: Services,
  { sql }: Pick<Transaction, "sql">,
  facts: Omit<PersonRow, "generation" | "mac" | "createdBy"> & { createdBy: Record<string, string> },
): Promise<PersonRow> {
  const row = services.mac.seal("people", null, { ...facts, generation: 1 });
  await sql.person.create({ data: row });
  return row;
}
