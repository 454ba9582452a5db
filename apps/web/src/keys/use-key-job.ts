import { useCallback, useEffect, useRef, useState } from "react";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";

export type KeyJob = Outputs["keys"]["rotate"];
/** What this page starts and drives over root keys, and over tenants' own. */
export type RootJob = "rotate" | "verify" | "retire";
export type TenantJob = "rotate_tenant" | "re_encrypt" | "remove_opener";

/** A job and what it is about. */
export type Work =
  | { kind: RootJob; opener: string }
  | { kind: "rotate_tenant"; tenant: string | null }
  | { kind: "re_encrypt"; tenant: string | null; secret: string | null; digests: boolean }
  | { kind: "remove_opener"; opener: string; tenant: string | null };

/** How to drive a job on from here; null where it does not say what it is about. */
export function workOf({ kind, opener, tenantId: tenant, secretId: secret, digests }: KeyJob): Work | null {
  if (kind === "rotate_tenant") return { kind, tenant };
  if (kind === "re_encrypt") return { kind, tenant, secret, digests };
  if (opener === null) return null;
  return kind === "remove_opener" ? { kind, opener, tenant } : { kind, opener };
}

/** Whether it is about root keys: of those one at a time. */
export const isOfRoots = ({ kind }: Pick<KeyJob, "kind">): boolean =>
  kind === "rotate" || kind === "verify" || kind === "retire";

/** How long the server works in one call, in seconds: how often the bar moves. */
const SLICE = 2;

export interface Driven {
  /** How far the job is that this screen drives, or drove last. */
  job: KeyJob | null;
  driving: boolean;
  error: unknown;
  /** Drives a job to its end, or until this screen is left. */
  drive(work: Work): void;
}

/** A job over keys runs in slices, each one call: whoever calls again drives it on. */
export function useKeyJob(): Driven {
  const [job, setJob] = useState<KeyJob | null>(null);
  const [driving, setDriving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const left = useRef(false);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);
  const drive = useCallback((work: Work) => {
    setError(null);
    setJob(null); // the one before it says nothing of this one
    setDriving(true);
    void (async () => {
      try {
        // The first call ends soon: the bar is there at once.
        for (let forSeconds = 0; !left.current; forSeconds = SLICE) {
          const now = await slice(work, forSeconds);
          if (left.current) return;
          setJob(now);
          if (now.state !== "running") break;
        }
      } catch (thrown) {
        setError(thrown);
      }
      setDriving(false);
      await queries.invalidateQueries(trpc.keys.pathFilter());
    })();
  }, []);
  return { job, driving, error, drive };
}

function slice(work: Work, forSeconds: number): Promise<KeyJob> {
  const { keys } = client;
  switch (work.kind) {
    case "rotate":
      return keys.rotate.mutate({ to: work.opener, forSeconds });
    case "verify":
      return keys.verify.mutate({ forSeconds });
    case "retire":
      return keys.retire.mutate({ opener: work.opener, forSeconds });
    case "rotate_tenant":
      return keys.rotateTenant.mutate({ ...of(work), forSeconds });
    case "re_encrypt":
      return keys.reEncrypt.mutate({
        ...of(work),
        ...(work.secret === null ? {} : { secret: work.secret }),
        digests: work.digests,
        forSeconds,
      });
    case "remove_opener":
      return keys.removeOpener.mutate({ ...of(work), opener: work.opener, forSeconds });
  }
}

/** Which tenant; nothing for all of them. */
const of = ({ tenant }: { tenant: string | null }) => (tenant === null ? {} : { tenant });
