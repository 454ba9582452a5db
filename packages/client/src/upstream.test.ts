import { serveHouse } from "@keyfold/api/testing";
import { expect, test } from "vitest";
import { createKeyfold, isKeyfoldError } from "./index.ts";

test("D1: a read looks in memory, then in the database, then in the upstream", async () => {
  const asked: string[] = [];
  let broken = false;
  const upstream = {
    name: "old",
    keeps: true,
    serves: () => true,
    async read({ name }: { name: string }) {
      asked.push(name);
      if (broken) throw new Error("not now");
      return name === "THERE" ? Buffer.from("there, not real") : null;
    },
  };
  const served = await serveHouse({ house: { upstreams: [upstream] } });
  try {
    const { token, caller } = await served.house.tenant("acme");
    let requests = 0;
    const acme = createKeyfold({
      url: served.url,
      token,
      fetch: (url, init) => {
        requests++;
        return fetch(url, init);
      },
    }).tenant();
    await caller.secrets.set({ name: "HERE", value: "here, not real" });
    expect([await acme.get("HERE"), await acme.get("THERE")]).toEqual(["here, not real", "there, not real"]);
    expect([requests, asked]).toEqual([2, ["THERE"]]);
    expect([await acme.get("HERE"), await acme.get("THERE")]).toEqual(["here, not real", "there, not real"]);
    expect([requests, asked]).toEqual([2, ["THERE"]]); // from memory
    expect(await acme.get("THERE", { fresh: true })).toBe("there, not real");
    expect([requests, asked]).toEqual([3, ["THERE"]]); // from the database: it was stored
    broken = true;
    const error = await acme.get("ELSEWHERE").catch((error: unknown) => error);
    expect(isKeyfoldError(error, "upstream_unavailable")).toBe(true);
    expect(requests).toBe(4); // no retry: it would wait for the upstream once more
  } finally {
    await served.close();
  }
});
