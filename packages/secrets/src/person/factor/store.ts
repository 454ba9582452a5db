import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../../error.ts";
import type { Services } from "../../flow/services.ts";

export interface FactorRow {
  id: string;
  personId: string;
  kind: string;
  name: string;
  sealed: Uint8Array | null;
  dekWrap: Uint8Array | null;
  digest: Uint8Array | null;
  publicKey: Uint8Array | null;
  counter: bigint;
  confirmedAt: Date | null;
  usedAt: Date | null;
  createdAt: Date;
  generation: number;
  mac: Uint8Array;
}

type Sql = Pick<Transaction, "sql">;

/** A person's factors, authentic, oldest first. @throws KeyfoldError `integrity_failed` */
export async function factorsOf(services: Services, { sql }: Sql, personId: string): Promise<FactorRow[]> {
  const rows = await sql.personFactor.findMany({
    where: { personId },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  for (const row of rows) services.mac.check("personFactors", null, row);
  return rows;
}

/** @throws KeyfoldError `conflict` where somebody else was faster */
export async function saveFactor(
  services: Services,
  { sql }: Sql,
  old: FactorRow,
  change: Partial<Pick<FactorRow, "counter" | "confirmedAt" | "usedAt" | "name">>,
): Promise<void> {
  const { mac: _, ...before } = old;
  const { counter, confirmedAt, usedAt, name, generation, mac } = services.mac.seal("personFactors", null, {
    ...before,
    ...change,
    generation: old.generation + 1,
  });
  const { count } = await sql.personFactor.updateMany({
    where: { id: old.id, generation: old.generation },
    data: { counter, confirmedAt, usedAt, name, generation, mac },
  });
  if (count !== 1) throw new KeyfoldError("conflict");
}

/** Writes a new factor's row, sealed by its MAC. */
export async function insertFactor(
  services: Services,
  { sql }: Sql,
  facts: Omit<FactorRow, "generation" | "mac">,
): Promise<void> {
  const row = services.mac.seal("personFactors", null, { ...facts, generation: 1 });
  await sql.personFactor.create({ data: row as never });
}
