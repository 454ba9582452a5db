import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";

const RUNBOOK = new URL("../../../../docs/runbooks/rotate-a-secret.md", import.meta.url);

let served: Served;
beforeAll(async () => {
  served = await serveHouse();
});
afterAll(() => served.close());

interface Command {
  method: string;
  path: string;
  body: unknown;
}

/** The runbook's calls of curl, in its order. */
async function commands(): Promise<Command[]> {
  const text = await readFile(RUNBOOK, "utf8");
  const lines = [...text.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
  return lines
    .filter((line) => line.startsWith("curl "))
    .map((line) => {
      const read =
        /^curl -s(?: -X ([A-Z]+))? -H "authorization: Bearer \$KEYFOLD_TOKEN" "\$KEYFOLD_URL(\/[^"]+)"(?: -d '(.*)')?$/.exec(
          line,
        );
      expect(read, line).not.toBeNull();
      const [, method = "GET", path, body] = read!;
      return { method, path: path!, body: body === undefined ? undefined : JSON.parse(body) };
    });
}

test("A8: the runbook's commands, in its order and word for word, rotate a secret and end its old value", async () => {
  const { token, caller } = await served.house.tenant("acme");
  const { id } = await caller.secrets.create({ name: "KEY", value: "the first, not a real value" });
  const all = await commands();
  expect(all).toHaveLength(9);
  const answers = new Map<string, { status: number; json: Record<string, unknown> }>();
  for (const { method, path, body } of all) {
    // A rotation that failed is what these two are for.
    if (path.endsWith("/retry")) await failing(id);
    const { status, json } = await served.call(path.replace("$SECRET", id), { method, token, body });
    answers.set(`${method} ${path}`, { status, json });
    expect([path, status]).toEqual([path, 200]);
  }
  expect(answers.get("POST /api/secrets/$SECRET/rotation/run")!.json).toMatchObject({
    phase: "done",
    version: 3,
  });
  expect(answers.get("GET /api/secrets/$SECRET/rotation/status")!.json).toMatchObject({ phase: "done" });
  expect(answers.get("POST /api/secrets/$SECRET/rotation/abandon")!.json).toMatchObject({
    phase: "abandoned",
  });
  const { versions } = await caller.versions.list({ id });
  expect(versions.map(({ version, state }) => [version, state])).toEqual([
    [3, "current"],
    [2, "grace"],
    [1, "destroyed"],
  ]);

  async function failing(id: string): Promise<void> {
    await caller.rotation.setPolicy({ id, rotator: { kind: "jwt-signing-keys" } });
    expect((await caller.rotation.runNow({ id })).phase).toBe("failed");
  }
});
