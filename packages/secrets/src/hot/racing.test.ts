import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import type { Order, Said, Told } from "./racing.fixture.ts";

const rootKey = randomBytes(32).toString("base64");
let house: House;
let reader: ChildProcess;
let said: AsyncIterator<string>;

const tell = (what: Told | Order) => void reader.stdin!.write(`${JSON.stringify(what)}\n`);
const hear = async <T>() => JSON.parse((await said.next()).value as string) as T;

beforeAll(async () => {
  house = await openHouse({ provider: localRootKey(rootKeyFromText(rootKey)) });
  const script = fileURLToPath(new URL("./racing.fixture.ts", import.meta.url));
  reader = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  said = createInterface({ input: reader.stdout! })[Symbol.asyncIterator]();
  tell({ url: house.database.url, rootKey });
});
afterEach(() => house.moveClock("0"));
afterAll(async () => {
  const ended = once(reader, "exit");
  reader.stdin!.end();
  await ended;
  await house.verify().finally(() => house.close());
});

type Tenant = Awaited<ReturnType<House["tenant"]>>;
type Made = { tenant: Tenant; id: string; tokenId: string };

/** What ends a read, here, while another process that nobody tells of it reads as fast as it can; and what it says then. */
const ENDS: Record<string, { end(made: Made): Promise<unknown>; code: string; version?: number }> = {
  "a token that is revoked": {
    end: ({ tenant, tokenId }) => tenant.caller.tokens.revoke({ id: tokenId }),
    code: "unauthenticated",
  },
  "a secret that is deleted": {
    end: ({ tenant, id }) => tenant.caller.secrets.delete({ id }),
    code: "not_found",
  },
  "a version that is revoked": {
    end: ({ tenant, id }) => tenant.caller.versions.revoke({ id, version: 1, reason: "leaked" }),
    code: "secret_empty",
  },
  "a policy that takes machines' right to read": {
    end: ({ tenant, id }) => tenant.caller.secrets.setAccessPolicy({ id, policy: { services: ["nobody"] } }),
    code: "forbidden",
  },
  "a grace whose deadline has passed": {
    end: () => house.moveClock("2 hours"),
    code: "version_expired",
    version: 1,
  },
  "a tenant that is deleted": {
    end: ({ tenant }) => house.as(house.operatorToken).tenants.delete({ tenant: tenant.slug }),
    code: "unauthenticated",
  },
};

test.each(Object.entries(ENDS))(
  "%s is refused by every read of another process that begins after, though nothing told it",
  async (what, { end, code, version }) => {
    const tenant = await house.tenant(what.replaceAll(/[^a-z]+/g, "-"));
    const { id } = await tenant.caller.secrets.create({ name: "KEY", value: "not a real value" });
    if (version !== undefined)
      await tenant.caller.secrets.rotate({ id, value: "another, not real", graceSeconds: 3600 });
    const { token, details } = await tenant.caller.tokens.create({ name: "reader", preset: "reader" });
    tell({ read: { id, token: token!, ...(version === undefined ? {} : { version }) } });
    expect(await hear()).toEqual({ warm: 2 });
    await end({ tenant, id, tokenId: details.id });
    const ended = process.hrtime.bigint();
    tell({ stop: true });
    const { lastBegun, answered, refusals } = await hear<Said>();
    expect(answered).toBeGreaterThan(0);
    expect(BigInt(lastBegun)).toBeLessThan(ended);
    expect(refusals).toEqual([code]);
  },
);
