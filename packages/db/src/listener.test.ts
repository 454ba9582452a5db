import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "./listener.ts";
import { createTestDatabase, type TestDatabase } from "./testing/index.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function asSuperuser(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** Things as they come, awaited one by one. */
function mailbox<T>() {
  const come: T[] = [];
  const waiting: ((one: T) => void)[] = [];
  return {
    put(one: T) {
      const next = waiting.shift();
      if (next === undefined) come.push(one);
      else next(one);
    },
    take: () =>
      new Promise<T>((resolve) => (come.length > 0 ? resolve(come.shift()!) : waiting.push(resolve))),
  };
}

test("messages come, and come again after the connection was cut", async () => {
  const messages = mailbox<string>();
  const states = mailbox<boolean>();
  const listener = listen({
    url: database.url,
    channel: "news",
    onMessage: messages.put,
    onState: states.put,
    retryMs: 1,
  });
  try {
    expect(await states.take()).toBe(true);
    await asSuperuser("NOTIFY news, 'one'");
    expect(await messages.take()).toBe("one");
    await asSuperuser(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyfold listener' AND datname = current_database()`,
    );
    expect(await states.take()).toBe(false);
    expect(await states.take()).toBe(true);
    await asSuperuser("NOTIFY news, 'two'");
    expect(await messages.take()).toBe("two");
  } finally {
    await listener.stop();
  }
});

test("a database that cannot be reached is tried again, and stopping ends it", async () => {
  const states = mailbox<boolean>();
  const listener = listen({
    url: "postgres://nobody@127.0.0.1:1/none",
    channel: "news",
    onMessage() {},
    onState: states.put,
    retryMs: 1,
  });
  expect(await states.take()).toBe(false);
  expect(await states.take()).toBe(false);
  await listener.stop();
});
