import { withDeployment } from "@keyfold/db";
import type { Services } from "../flow/services.ts";

/** 30 days in seconds: how long a message can be asked for again, by a stream that was away or by a replay. */
export const MESSAGE_SECONDS = 30 * 86_400;
const AT_ONCE = 5_000;

/** Deletes messages that are too old, of all tenants. A job's work: any number of processes may do it at once. */
export async function sweepMessages({ db }: Pick<Services, "db">): Promise<number> {
  for (let gone = 0; ; ) {
    const [row] = await withDeployment(db, ({ query }) =>
      query<{ gone: number }>(
        "SELECT control_plane.sweep_messages(make_interval(secs => $1::double precision), $2::int) AS gone",
        [MESSAGE_SECONDS, AT_ONCE],
      ),
    );
    gone += row!.gone;
    if (row!.gone < AT_ONCE) return gone;
  }
}
