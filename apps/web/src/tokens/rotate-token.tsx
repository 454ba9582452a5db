import { useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { useAction } from "../ui/use-action.ts";
import { tk } from "./messages.ts";
import type { Token } from "./tokens-page.tsx";

const DAY = 86_400;
const OVERLAPS = [
  { id: "day", label: tk.overlaps.day, seconds: DAY },
  { id: "week", label: tk.overlaps.week, seconds: 7 * DAY },
  { id: "hour", label: tk.overlaps.hour, seconds: 3_600 },
  { id: "none", label: tk.overlaps.none, seconds: 0 },
] as const;
const ENDS = [
  { id: "same", label: tk.ends.same, seconds: undefined },
  { id: "month", label: tk.expiries.month, seconds: 30 * DAY },
  { id: "quarter", label: tk.expiries.quarter, seconds: 90 * DAY },
  { id: "year", label: tk.expiries.year, seconds: 365 * DAY },
  { id: "never", label: tk.expiries.never, seconds: null },
] as const;

interface Props {
  tenant: string;
  /** Those that can be rotated. */
  tokens: readonly Token[];
  /** The one that it is about; null: one of them is to be chosen. */
  token: Token | null;
  onClose: () => void;
}

/** Makes a token that takes another's place; it is shown this once, and both work for a while. */
export function RotateToken({ tenant, tokens, token, onClose }: Props) {
  const action = useAction();
  const [picked, setPicked] = useState(token?.id ?? tokens[0]?.id ?? "");
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]["id"]>("day");
  const [end, setEnd] = useState<(typeof ENDS)[number]["id"]>("same");
  const [idempotencyKey] = useState(freshKey);
  const [made, setMade] = useState<string | null>(null);
  const old = tokens.find(({ id }) => id === picked);

  async function submit() {
    const seconds = ENDS.find(({ id }) => id === end)?.seconds;
    await action.run(async () => {
      const answer = await client.tokens.rotate.mutate({
        tenant,
        id: picked,
        overlapSeconds: OVERLAPS.find(({ id }) => id === overlap)!.seconds,
        ...(seconds === undefined ? {} : { expiresInSeconds: seconds }),
        idempotencyKey,
      });
      setMade(answer.token);
      void queries.invalidateQueries(trpc.tokens.pathFilter());
    });
  }

  if (made !== null)
    return (
      <ShownOnceDialog
        title={tk.shownTitle}
        lead={tk.rotatedText(old?.name ?? "")}
        token={made}
        name={tk.shownLabel}
        onClose={onClose}
      />
    );
  return (
    <FormDialog
      title={token === null ? tk.rotateOne : tk.rotateFor(token.name)}
      lead={tk.rotateText}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={tk.rotate}
      busyWord={tk.rotating}
      ready={old !== undefined}
    >
      {token !== null ? null : tokens.length === 0 ? (
        <p className="text-sm text-muted">{tk.nothingToRotate}</p>
      ) : (
        <Choice
          label={tk.which}
          options={tokens.map(({ id, name, hint }) => ({ id, label: `${name} ${tk.hint(hint)}` }))}
          value={picked}
          onChange={setPicked}
        />
      )}
      <Choice label={tk.overlap} options={OVERLAPS} value={overlap} onChange={setOverlap} />
      <Choice label={tk.newEnds} options={ENDS} value={end} onChange={setEnd} />
    </FormDialog>
  );
}
