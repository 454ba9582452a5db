import autocannon from "autocannon";
import { median } from "./measure.ts";

export interface Shot {
  url: string;
  method?: "GET" | "PUT" | "POST";
  headers?: Record<string, string>;
  /** A fresh body per request, where each must differ. */
  body?: () => string;
}

/** Requests per second, every one of them answered 2xx; else an error, since a fast refusal is no result. */
export async function shoot(shot: Shot, connections: number, seconds: number): Promise<number> {
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
  return result.requests.average;
}

/** Two shots in turn, so that a drifting machine drifts for both: the median of each. */
export async function shootInTurn(
  a: Shot,
  b: Shot,
  connections: number,
  { rounds = 3, seconds = 2 } = {},
): Promise<[number, number]> {
  const rates: [number[], number[]] = [[], []];
  // Warm up both.
  await shoot(a, connections, 1);
  await shoot(b, connections, 1);
  for (let round = 0; round < rounds; round++) {
    rates[0].push(await shoot(a, connections, seconds));
    rates[1].push(await shoot(b, connections, seconds));
  }
  return [median(rates[0]), median(rates[1])];
}
