import { serveHouse } from "@keyfold/api/testing";
import { expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

test("E3: what has diverged from the upstream is listed by one command, which ends with 1 while something has", async () => {
  const there = new Map<string, string>();
  let broken = false;
  const upstream = {
    name: "old-vault",
    serves: ({ tenant }: { tenant: { slug: string } }) => tenant.slug === "acme",
    async read({ name }: { name: string }) {
      if (broken) throw new Error("not now");
      const value = there.get(name);
      return value === undefined ? null : Buffer.from(value);
    },
  };
  const served = await serveHouse({ house: { upstreams: [upstream] } });
  try {
    const { token, caller } = await served.house.tenant("acme");
    const other = await served.house.tenant("globex");
    const keyfold = (line: string, KEYFOLD_TOKEN = token) =>
      commandLine(line.split(" "), { env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN } });
    for (const name of ["A", "B", "C"]) {
      await caller.secrets.set({ name, value: `${name}, not real` });
      there.set(name, `${name}, not real`);
    }
    expect(await keyfold("diff --upstream")).toMatchObject({
      exit: 0,
      out: "3 the same as in old-vault, 0 diverged.\n",
    });
    await caller.secrets.rotate({ name: "B", value: "rotated here, not real" });
    there.delete("C");
    expect(await keyfold("diff --upstream")).toMatchObject({
      exit: 1,
      out: "~ B  (differs)\n- C  (only here)\n1 the same as in old-vault, 2 diverged.\n",
    });
    const json = JSON.parse((await keyfold("diff --upstream --json")).out);
    expect(json).toEqual({
      upstream: "old-vault",
      same: 1,
      diverged: [
        { name: "B", version: 2, state: "different" },
        { name: "C", version: 1, state: "absent" },
      ],
    });
    broken = true;
    expect((await keyfold("diff --upstream")).out).toBe(
      "? A  (the upstream did not answer)\n? B  (the upstream did not answer)\n- C  (only here)\n" +
        "0 the same as in old-vault, 1 diverged, 2 not answered: try again.\n",
    );
    expect(await keyfold("diff --upstream", other.token)).toMatchObject({
      exit: 1,
      err: "No upstream is configured for this place.\n",
    });
    expect((await keyfold("diff prod --upstream")).exit).toBe(2);
    expect((await keyfold("diff")).exit).toBe(2);
  } finally {
    await served.close();
  }
});
