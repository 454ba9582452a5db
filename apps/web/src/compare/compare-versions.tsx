import { type FormEvent, useState } from "react";
import { client, type Version } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { useReveal } from "../reveal/use-reveal.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { DifferenceList } from "./difference-list.tsx";
import { type Differences, differencesOf } from "./differences.ts";
import { cv } from "./messages.ts";

interface Props {
  tenant: string;
  secret: { id: string; name: string };
  /** Those that open, newest first; two at least. */
  versions: readonly Version[];
  onClose: () => void;
}

interface Shown {
  older: number;
  newer: number;
  differences: Differences;
}

/**
 * Compares two versions in this browser. The values live in the call that compares them and are gone with it; what it
 * found holds names out of them, so it goes as a shown value does: after half a minute, and when one looks elsewhere.
 */
export function CompareVersions({ tenant, secret: { id, name }, versions, onClose }: Props) {
  const numbers = versions.map(({ version }) => version);
  const [older, setOlder] = useState(numbers[1]!);
  const [newer, setNewer] = useState(numbers[0]!);
  const { shown, asked, show, hide } = useReveal<Shown>();
  const options = numbers.map((n) => ({ id: String(n), label: m.secrets.atVersion(n) }));
  const choose = (set: (n: number) => void) => (n: string) => {
    hide();
    set(Number(n));
  };

  function submit(event: FormEvent) {
    event.preventDefault();
    show(`${older} ${newer}`, async (signal) => {
      const read = (version: number) => client.versions.reveal.query({ tenant, id, version }, { signal });
      // One after the other: where the first is refused, the second is not read.
      const before = await read(older);
      return { older, newer, differences: differencesOf(before, await read(newer)) };
    });
  }

  const found = shown?.revealed ?? null;
  return (
    <Dialog title={cv.title(name)} lead={cv.lead} isOpen onClose={onClose}>
      <form onSubmit={submit} autoComplete="off">
        <div className="flex flex-wrap items-end gap-3">
          <div className="min-w-24 flex-1">
            <Choice label={cv.older} options={options} value={String(older)} onChange={choose(setOlder)} />
          </div>
          <div className="min-w-24 flex-1">
            <Choice label={cv.newer} options={options} value={String(newer)} onChange={choose(setNewer)} />
          </div>
          <Button type="submit" look="primary" isPending={asked !== null} isDisabled={older === newer}>
            {asked === null ? cv.submit : cv.busy}
          </Button>
        </div>
      </form>
      <div aria-live="polite" className="mt-5">
        {found === null ? null : (
          <section aria-labelledby="compared">
            <div className="mb-3 h-0.5 origin-left rounded bg-accent animate-drain" />
            <div className="mb-2 flex items-center justify-between gap-4">
              <h3 id="compared" className="text-sm font-semibold">
                {cv.result(found.older, found.newer)}
              </h3>
              <Button size="sm" look="quiet" onPress={hide}>
                {cv.hide}
              </Button>
            </div>
            <DifferenceList differences={found.differences} />
          </section>
        )}
      </div>
    </Dialog>
  );
}
