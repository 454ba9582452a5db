import { useInfiniteQuery } from "@tanstack/react-query";
import { inPages } from "../data/pages.ts";
import { client, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Listed } from "../ui/listed.tsx";
import { k } from "./messages.ts";

interface Props {
  /** The removal. */
  job: string;
  opener: string;
  onClose: () => void;
}

/** Which values an opener could open until it was removed, by reference. */
export function ExposedDialog({ job, opener, onClose }: Props) {
  const query = useInfiniteQuery({
    ...inPages(trpc.keys.exposed.infiniteQueryKey({ job }), (page, options) =>
      client.keys.exposed.query({ job, limit: 50, ...page }, options),
    ),
    staleTime: 0,
  });
  const exposed = query.data?.pages.flatMap((page) => page.exposed) ?? [];
  return (
    <Dialog title={k.exposedTitle} lead={k.exposedLead} isOpen onClose={onClose}>
      <code className="block rounded-lg bg-sunken px-3 py-2 text-sm break-all">{opener}</code>
      <div className="mt-4 max-h-80 overflow-y-auto rounded-lg border border-line">
        <Listed
          query={query}
          label={k.exposedLabel}
          waiting={3}
          empty={<p className="px-4 py-6 text-sm text-muted">{k.exposedNone}</p>}
        >
          {exposed.map((one) => (
            <li key={`${one.secretId} ${one.version}`} className="px-3.5 py-2 text-sm">
              <code className="font-medium break-all">{one.name}</code>
              <p className="text-muted">{k.exposedIn(one.tenant, one.version, one.state)}</p>
            </li>
          ))}
        </Listed>
      </div>
      <p className="mt-3 text-sm text-muted">{k.exposedWebhooks}</p>
      <DialogActions>
        <Button onPress={onClose}>{m.close}</Button>
      </DialogActions>
    </Dialog>
  );
}
