import { useCallback, useEffect, useRef, useState } from "react";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";

export type KeyJob = Outputs["keys"]["rotate"];
/** What this page starts and drives; jobs over tenants' own keys are the command line's. */
export type JobKind = "rotate" | "verify" | "retire";

/** How to drive a job on from here; null for those that are begun by a command. */
export function driveOf({ kind, opener }: KeyJob): { kind: JobKind; opener: string } | null {
  return (kind === "rotate" || kind === "verify" || kind === "retire") && opener !== null
    ? { kind, opener }
    : null;
}

/** How long the server works in one call, in seconds: how often the bar moves. */
const SLICE = 2;

export interface Driven {
  /** How far the job is that this screen drives, or drove last. */
  job: KeyJob | null;
  driving: boolean;
  error: unknown;
  /** Drives a job to its end, or until this screen is left. @param opener the root key to retire */
  drive(kind: JobKind, opener: string): void;
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
  const drive = useCallback((kind: JobKind, opener: string) => {
    setError(null);
    setJob(null); // the one before it says nothing of this one
    setDriving(true);
    void (async () => {
      try {
        // The first call ends soon: the bar is there at once.
        for (let forSeconds = 0; !left.current; forSeconds = SLICE) {
          const now = await slice(kind, opener, forSeconds);
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

function slice(kind: JobKind, opener: string, forSeconds: number): Promise<KeyJob> {
  if (kind === "rotate") return client.keys.rotate.mutate({ to: opener, forSeconds });
  if (kind === "verify") return client.keys.verify.mutate({ forSeconds });
  return client.keys.retire.mutate({ opener, forSeconds });
}
