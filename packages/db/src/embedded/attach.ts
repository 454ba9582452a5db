import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCredentials, roles } from "./credentials.ts";
import { DEFAULT_DATABASE } from "./roles.ts";

/** How to reach an embedded PostgreSQL that another process runs. */
export interface RunningPostgres {
  ownerUrl: string;
  appUrl: string;
}

/** The embedded PostgreSQL that runs on a data folder, as its process has written it down; null where none has. */
export async function findRunningPostgres(dataDir: string): Promise<RunningPostgres | null> {
  const text = await readFile(join(dataDir, "running.json"), "utf8").catch(() => null);
  const credentials = await readCredentials(dataDir);
  if (text === null || credentials === null) return null;
  const { port } = JSON.parse(text) as { port?: number };
  if (port === undefined) return null;
  const url = (role: "owner" | "app") =>
    `postgresql://${roles[role]}:${credentials[role]}@127.0.0.1:${port}/${encodeURIComponent(DEFAULT_DATABASE)}`;
  return { ownerUrl: url("owner"), appUrl: url("app") };
}
