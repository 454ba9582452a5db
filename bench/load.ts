import autocannon from "autocannon";
import { median } from "./measure.ts";

export interface Shot {
  url: string;
  method?: "GET" | "PUT" | "POST";
  headers?: Record<string, string>;
  /** A fresh body per request, where each must differ. */
  body?: () => string;
}

/** How it went: requests per second, and the milliseconds that all but one in a hundred took at most. */
export interface Went {
  rate: number;
  p99: number;
}

/** Every request was answered 2xx; else an error, since a fast refusal is no result. */
export async function shoot(shot: Shot, connections: number, seconds: number): Promise<Went> {
  const { body } = shot;
  const result = await autocannon({
    url: shot.url,
    connections,
    duration: seconds,
    method: shot.method ?? "GET",
    headers: { "content-type": "application/json", ...shot.headers },
    ...(body === undefined
      ? {}
      : { requests: [{ setupRequest: (request: object) => ({ ...request, body: body() }) }] }),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${shot.url}: ${result.non2xx} refused, ${result.errors} failed`);
  // Its own averages are of whole seconds, of which a short shot has few.
  return { rate: result["2xx"] / result.duration, p99: result.latency.p99 };
}

/** Two shots in turn, so that a drifting machine drifts for both: the median of each. */
export async function shootInTurn(
  a: Shot,
  b: Shot,
  connections: number,
  { rounds = 3, seconds = 2 } = {},
): Promise<[Went, Went]> {
  const went: [Went[], Went[]] = [[], []];
  // Warm up both.
  await shoot(a, connections, 1);
  await shoot(b, connections, 1);
  for (let round = 0; round < rounds; round++) {
    went[0].push(await shoot(a, connections, seconds));
    went[1].push(await shoot(b, connections, seconds));
  }
  const middle = (all: readonly Went[]): Went => ({
    rate: median(all.map((one) => one.rate)),
    p99: median(all.map((one) => one.p99)),
  });
  return [middle(went[0]), middle(went[1])];
}
