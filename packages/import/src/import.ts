import { Destination } from "./destination.ts";
import { Digests } from "./digest.ts";
import type { Source } from "./entry.ts";
import { blocking, type Plan, planImport } from "./plan.ts";
import type { Mapping } from "./target.ts";
import { type Verified, verifyImport } from "./verify.ts";
import { type Written, writeImport } from "./write.ts";

export interface ImportOptions {
  source: Source;
  /** A client whose token may read and set a tenant's secrets; asked once for each tenant. */
  client: ConstructorParameters<typeof Destination>[0];
  mapping: Mapping;
  /** What becomes of a secret that has another value already. "refuse", the default: nothing is written at all. */
  onDifference?: "refuse" | "overwrite" | "keep";
  /** Look only. */
  dryRun?: boolean;
  /** Compare this many values, drawn at random, instead of all of them. */
  sample?: number;
  reason?: string;
  signal?: AbortSignal;
  /** @param total how many there were when they were read first; null while that is not known */
  progress?: (step: "reading" | "writing" | "verifying", done: number, total: number | null) => void;
}

export interface ImportResult {
  plan: Plan;
  /** null where nothing was written: a dry run, or something stands against it. */
  written: Written | null;
  verified: Verified | null;
  /** Whether every secret that the mapping takes is there, and none differs. */
  complete: boolean;
}

/**
 * Reads, looks, writes, and compares (issue: one pipeline for every source). Safe to repeat, and to run twice at once.
 * @throws SourceError, KeyfoldClientError
 */
export async function importSecrets(options: ImportOptions): Promise<ImportResult> {
  const { source, mapping, onDifference = "refuse", signal } = options;
  const digests = new Digests();
  const clients = new Map<string, ReturnType<ImportOptions["client"]>>();
  const client = (tenant: string) => {
    let one = clients.get(tenant);
    if (one === undefined) {
      one = options.client(tenant);
      clients.set(tenant, one);
    }
    return one;
  };
  const destination = new Destination(client, digests);
  const common = { ...(signal === undefined ? {} : { signal }) };
  const plan = await planImport(source, destination, digests, mapping, {
    ...common,
    progress: (done) => options.progress?.("reading", done, null),
  });
  if (options.dryRun || blocking(plan, onDifference).length > 0)
    return { plan, written: null, verified: null, complete: false };
  const written = await writeImport(source, destination, digests, mapping, {
    ...common,
    reason: options.reason ?? `imported from ${source.kind}`,
    onDifference: onDifference === "keep" ? "keep" : "overwrite",
    progress: (done) => options.progress?.("writing", done, plan.read),
  });
  const verified = await verifyImport(source, destination, digests, mapping, {
    ...common,
    kept: written.kept,
    ...(options.sample === undefined ? {} : { sample: options.sample }),
    progress: (done) => options.progress?.("verifying", done, plan.read - plan.leftOut),
  });
  const complete = verified.missing.length === 0 && verified.differing.length === 0;
  return { plan, written, verified, complete };
}
