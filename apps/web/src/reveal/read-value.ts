import { client } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { tell, tellFailure } from "../ui/toast.tsx";
import { ClipboardError, copySecret } from "./clipboard.ts";
import type { Revealed } from "./use-reveal.ts";

/** Where a value is read from: a secret's current version, or the one that is named. */
export interface ValueRef {
  tenant: string;
  id: string;
  version?: number;
}

/** Reads a value past every cache; the read is in the tenant's audit log before the answer leaves the server. */
export function readValue({ tenant, id, version }: ValueRef, signal?: AbortSignal): Promise<Revealed> {
  const options = signal === undefined ? {} : { signal };
  return version === undefined
    ? client.secrets.reveal.query({ tenant, id }, options)
    : client.versions.reveal.query({ tenant, id, version }, options);
}

/** Copies, and says how it went. */
export async function copyAndTell(name: string, read: () => Promise<string>): Promise<void> {
  try {
    const after = await copySecret(read, () => tell(m.reveal.cleared));
    tell(m.reveal.copied(name), { detail: after === "clears" ? m.reveal.clears : m.reveal.stays });
  } catch (error) {
    if (error instanceof ClipboardError)
      tell(error.why === "missing" ? m.reveal.noClipboard : m.reveal.refused, { failed: true });
    else tellFailure(error);
  }
}
