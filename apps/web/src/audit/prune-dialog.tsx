import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { client } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { tell } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { checkpointIn } from "./exported-checkpoint.ts";
import { au } from "./messages.ts";

/** As the API has them. */
const DAYS = { least: 30, first: 365 };

interface Props {
  tenant: string;
  /** What is shown of the log may be gone. */
  onDone: () => void;
  onClose: () => void;
}

/** Takes old events away, below the checkpoint of an export that somebody keeps. */
export function PruneDialog({ tenant, onDone, onClose }: Props) {
  const file = useRef<HTMLInputElement>(null);
  const [kept, setKept] = useState<{ name: string; checkpoint: string | null } | null>(null);
  const [days, setDays] = useState(String(DAYS.first));
  const olderThanDays = Number(days);
  const enough = Number.isInteger(olderThanDays) && olderThanDays >= DAYS.least;

  async function prune() {
    let taken = 0;
    for (let more = true; more; ) {
      const lot = await client.audit.prune.mutate({
        tenant,
        checkpoint: kept?.checkpoint ?? "",
        olderThanDays,
      });
      taken += lot.batches;
      more = lot.more;
    }
    tell(au.prune.done(taken));
    onDone();
  }

  return (
    <TypeTheName
      title={au.prune.title}
      lead={au.prune.lead}
      name={tenant}
      label={au.prune.type}
      word={au.prune.submit}
      busyWord={au.prune.busy}
      ready={kept?.checkpoint != null && enough}
      work={prune}
      onClose={onClose}
    >
      <div>
        <Button onPress={() => file.current?.click()}>
          <FileUp size={14} aria-hidden />
          {au.prune.file}
        </Button>
        <input
          ref={file}
          type="file"
          hidden
          aria-label={au.prune.file}
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            event.target.value = "";
            if (chosen !== undefined)
              void checkpointIn(chosen).then((checkpoint) => setKept({ name: chosen.name, checkpoint }));
          }}
        />
        <p role="status" className="mt-1.5 text-xs text-muted">
          {kept === null
            ? au.prune.fileHint
            : kept.checkpoint === null
              ? au.prune.noExport(kept.name)
              : au.prune.chosen(kept.name)}
        </p>
      </div>
      <Field
        label={au.prune.days}
        type="number"
        hint={au.prune.daysHint}
        error={enough ? undefined : au.prune.daysLeast(DAYS.least)}
        value={days}
        onChange={setDays}
      />
    </TypeTheName>
  );
}
