import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { RefreshCw, RotateCw, Send } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Listed } from "../ui/listed.tsx";
import { CARD } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { DeliveryRow } from "./delivery-row.tsx";
import { w } from "./messages.ts";

export type Delivery = Outputs["webhooks"]["deliveries"]["deliveries"][number];

const ALL = "all";
const STATES = [
  { id: ALL, label: w.log.all },
  ...Object.entries(w.log.states).map(([id, label]) => ({ id, label })),
];
/** Milliseconds between two looks while something is on its way, and after which it looks by itself no more. */
const EVERY = 2_000;
const LIVE_FOR = 60_000;
/** Within so many milliseconds what was asked for should be in the list. */
const SOON = 15_000;

interface Props {
  tenant: string;
  id: string;
  /** When something was last asked to be sent; milliseconds since 1970. */
  asked: number;
}

/** What was sent to an endpoint, newest first, and sending it again. */
export function Deliveries({ tenant, id, asked }: Props) {
  const may = useMay();
  const [state, setState] = useState<string>(ALL);
  const [again, setAgain] = useState(0);
  const filter = { tenant, id, ...(state === ALL ? {} : { state: state as Delivery["state"] }) };
  const query = useInfiniteQuery({
    ...inPages(trpc.webhooks.deliveries.infiniteQueryKey(filter), (page, options) =>
      client.webhooks.deliveries.query({ ...filter, limit: 50, ...page }, options),
    ),
    staleTime: 0,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) =>
      Date.now() - Math.max(asked, again) < SOON ||
      data?.pages.some(({ deliveries }) => deliveries.some(isUnderWay))
        ? EVERY
        : false,
  });
  const deliveries = query.data?.pages.flatMap((page) => page.deliveries) ?? [];
  const dead = deliveries.filter((one) => one.state === "dead");

  async function replay(which: { messages: string[] } | { since: string }) {
    try {
      const { count } = await client.webhooks.replay.mutate({ tenant, id, ...which });
      setAgain(Date.now());
      tell(w.log.replayed(count));
      await queries.invalidateQueries(trpc.webhooks.deliveries.pathFilter());
    } catch (error) {
      tellFailure(error);
    }
  }

  return (
    <section aria-labelledby="deliveries">
      <header className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <h2 id="deliveries" className="text-base font-semibold tracking-tight">
          {w.log.title}
        </h2>
        <div className="flex flex-wrap items-center gap-2">
          {dead.length > 0 && may("webhook.replay") ? (
            <Button
              onPress={() =>
                void replay({ since: dead.reduce((a, b) => (a.createdAt < b.createdAt ? a : b)).createdAt })
              }
            >
              <Send size={14} aria-hidden />
              {w.log.replayDead}
            </Button>
          ) : null}
          <div className="w-36">
            <Choice compact label={w.log.filter} options={STATES} value={state} onChange={setState} />
          </div>
          <IconButton look="secondary" aria-label={w.log.refresh} onPress={() => void query.refetch()}>
            <RotateCw size={14} aria-hidden />
          </IconButton>
        </div>
      </header>
      <div className={CARD} aria-busy={query.isFetching}>
        <Listed
          query={query}
          label={w.log.label}
          ordered
          waiting={3}
          empty={
            <State icon={<RefreshCw size={20} aria-hidden />} title={w.log.none} text={w.log.noneText} />
          }
        >
          {deliveries.map((delivery) => (
            <DeliveryRow
              key={delivery.message}
              tenant={tenant}
              delivery={delivery}
              onReplay={may("webhook.replay") ? () => void replay({ messages: [delivery.message] }) : null}
            />
          ))}
        </Listed>
      </div>
    </section>
  );
}

/** Just made, and not tried in vain yet: worth watching. */
function isUnderWay({ state, attempts, createdAt }: Delivery): boolean {
  return state === "waiting" && attempts === 0 && Date.now() - Date.parse(createdAt) < LIVE_FOR;
}
