import { useEffect, useState } from "react";
import { useMay } from "../data/identity.ts";
import { client } from "../data/trpc.ts";
import { s } from "./messages.ts";
import type { Change, Checked } from "./stage.ts";

const NOTHING: Checked = new Map();
/** Most that one call checks. */
const MOST = 500;

/**
 * Asks which new values are there already, and which equal another secret's. Past every cache; where it cannot be found
 * out, nothing is warned of, and the saving tells the rest.
 */
export function useChecked(
  place: { tenant: string; project: string; environment: string },
  changes: readonly Change[],
): Checked {
  const may = useMay()("secret.reveal");
  const [checked, setChecked] = useState(NOTHING);
  const { tenant, project, environment } = place;
  useEffect(() => {
    const items = changes.flatMap((one) =>
      one.what === "set" ? [{ name: one.name, value: one.value }] : [],
    );
    if (!may || items.length === 0 || items.length > MOST) return setChecked(NOTHING);
    const stop = new AbortController();
    client.secrets.check.mutate({ tenant, project, environment, items }, { signal: stop.signal }).then(
      (answer) =>
        stop.signal.aborted ||
        setChecked(
          new Map(
            answer.items.map(({ name, unchanged, equals }) => [
              name,
              { unchanged, equals: equals.map((one) => s.other(one.name, one.environment)) },
            ]),
          ),
        ),
      () => stop.signal.aborted || setChecked(NOTHING),
    );
    return () => stop.abort();
  }, [may, tenant, project, environment, changes]);
  return checked;
}
