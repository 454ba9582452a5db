import { createOutbound, parseAllow } from "@keyfold/outbound";
import { receiver } from "@keyfold/outbound/testing";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sensitive } from "../config/sensitive.ts";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { pushRound } from "./checkpoints.ts";
import { httpsTarget } from "./https-target.ts";

let house: House;
let keeper: Awaited<ReturnType<typeof receiver>>;
let outbound: ReturnType<typeof createOutbound>;
beforeAll(async () => {
  house = await openHouse();
  keeper = await receiver();
  outbound = createOutbound({ allow: parseAllow("http://127.0.0.1") });
});
afterAll(async () => {
  await outbound.close();
  await keeper.close();
  await house.close();
});

test("each new checkpoint is posted once it is made, and in full again after the keeper failed; no log holds the token", async () => {
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line: string) => void lines.push(line) } });
  const token = new Sensitive("not-a-real-keeper-token");
  const push = pushRound({
    keyfold: house.server,
    file: httpsTarget(outbound, `${keeper.url}/checkpoints`, token),
    log,
    metrics: createMetrics({ process: false }),
  });
  await house.tenant("acme");
  await house.server.makeCheckpoint();
  await push();
  await push();
  expect(keeper.received.length).toBe(1);
  expect(keeper.received[0]).toMatchObject({
    method: "POST",
    path: "/checkpoints",
    headers: { authorization: "Bearer not-a-real-keeper-token" },
  });
  keeper.answer((response) => void response.writeHead(503).end());
  await house.tenant("globex");
  await house.server.makeCheckpoint();
  await push();
  expect(lines.join("")).toContain("could not be pushed");
  keeper.answer((response) => void response.writeHead(204).end());
  await push();
  expect(keeper.received.length).toBe(3);
  expect(lines.join("")).not.toContain("not-a-real-keeper-token");
  const newest = await house.server.newestCheckpoint();
  expect(keeper.received[2]!.body).toContain(JSON.stringify(newest!.note).slice(1, -1));
});

test("an address inside the network is refused where nobody allowed it", async () => {
  const guarded = createOutbound();
  expect(() => httpsTarget(guarded, `${keeper.url}/checkpoints`, null)).toThrow(
    /^KEYFOLD_CHECKPOINT_URL: Only https/,
  );
  expect(() => httpsTarget(guarded, "https://127.0.0.1/", null)).toThrow(/not one of the public internet/);
  await guarded.close();
});
