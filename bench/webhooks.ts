import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Connections, connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { createOutbound, parseAllow } from "@keyfold/outbound";
import { createKeyfoldServer, type KeyfoldServer, requestInfo, verbs } from "@keyfold/secrets";
import pg from "pg";
import { Agent, request as post } from "undici";
import { inTurnAsync, type Row } from "./measure.ts";
import { benchTenant } from "./tenants.ts";

const WELL = 9;
const AT_ONCE = 8 * WELL;

/**
 * Webhooks taken per second by nine receivers while a tenth hangs: routed, leased, read anew, signed, sent and written down
 * one by one, beside a loop that posts the same bodies to the nine. And what the outbox costs a change: setting a secret
 * beside the same with an append_change() that writes no message.
 */
export async function webhookRows(messages: number): Promise<Row[]> {
  const server = await startTestServer();
  try {
    return [await deliveries(server, messages), await outbox(server)];
  } finally {
    await server.stop();
  }
}

type TestServer = Awaited<ReturnType<typeof startTestServer>>;

async function deliveries(server: TestServer, messages: number): Promise<Row> {
  const receivers = await Promise.all(Array.from({ length: WELL }, () => receiver(true)));
  const hanging = await receiver(false);
  const outbound = createOutbound({ allow: parseAllow("http://127.0.0.1"), timeoutMs: 5_000 });
  const house = await open(server, {
    refusal: () => null,
    async post(one) {
      const outcome = await outbound.post(one);
      const { durationMs } = outcome;
      return "failure" in outcome
        ? { failure: outcome.failure, durationMs }
        : { status: outcome.status, durationMs };
    },
  });
  const taken = () => receivers.reduce((sum, one) => sum + one.taken(), 0);
  try {
    for (const { url } of [...receivers, hanging])
      await house.keyfold.invoke(verbs.webhooks.create, house.request, { url });
    for (let at = 0; at < messages; at += 250)
      await house.keyfold.invoke(verbs.secrets.setMany, house.request, {
        items: Array.from({ length: Math.min(250, messages - at) }, (_, i) => ({
          name: `K${at + i}`,
          value: "not a real value",
        })),
      });
    const started = performance.now();
    const dispatcher = house.keyfold.dispatchWebhooks()!;
    while (taken() < messages * WELL) await new Promise((resolve) => setTimeout(resolve, 5));
    const rate = (taken() * 1000) / (performance.now() - started);
    await dispatcher.stop();
    return {
      what: "webhooks taken, 1 of 10 receivers hanging",
      rate,
      baseline: `posting the same bodies with undici, ${AT_ONCE} at once`,
      baselineRate: await bare(
        receivers.map(({ url }) => url),
        messages * WELL,
        receivers[0]!.body(),
      ),
    };
  } finally {
    await outbound.close();
    for (const one of [...receivers, hanging]) one.close();
    await house.close();
  }
}

async function bare(urls: readonly string[], count: number, body: string): Promise<number> {
  const dispatcher = new Agent({ connections: 8 });
  let left = count;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, worker) => {
      for (let i = worker; left-- > 0; i++) {
        const answer = await post(urls[i % urls.length]!, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
          dispatcher,
        });
        await answer.body.dump();
      }
    }),
  );
  const rate = (count * 1000) / (performance.now() - started);
  await dispatcher.close();
  return rate;
}

async function outbox(server: TestServer): Promise<Row> {
  const [told, silent] = [await open(server), await open(server)];
  const superuser = new pg.Client({ connectionString: silent.superuserUrl });
  await superuser.connect();
  try {
    await superuser.query(`CREATE OR REPLACE FUNCTION control_plane.append_change(
        p_chain uuid, p_batch uuid, p_count integer, p_root bytea, p_leaves bytea, p_bodies bytea,
        p_expected_epoch bigint, p_raise boolean, p_deadline timestamptz, p_token uuid, p_operator boolean, p_session uuid,
        p_messages jsonb, OUT outcome text) LANGUAGE plpgsql SET search_path = '' AS $$
      BEGIN
        SELECT a.outcome INTO outcome FROM control_plane.append_events(p_chain, p_batch, p_count, p_root, p_leaves, p_bodies,
          p_expected_epoch, p_raise, p_deadline, p_token, p_operator, p_session) a;
      END $$`);
    let n = 0;
    const set = ({ keyfold, request }: House) =>
      keyfold.invoke(verbs.secrets.set, request, { name: "K", value: `not a real value ${n++}` });
    const [rate, baselineRate] = await inTurnAsync(
      () => set(told),
      () => set(silent),
      { rounds: 15, sliceMs: 300 },
    );
    return {
      what: "set a secret, its message in the same statement",
      rate,
      baseline: "the same without a message",
      baselineRate,
    };
  } finally {
    await superuser.end();
    await told.close();
    await silent.close();
  }
}

interface House {
  keyfold: KeyfoldServer;
  db: Connections;
  request: ReturnType<typeof requestInfo>;
  superuserUrl: string;
  close(): Promise<void>;
}

type Transport = NonNullable<Parameters<typeof createKeyfoldServer>[0]["webhooks"]>;

async function open(server: TestServer, webhooks?: Transport): Promise<House> {
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  const keyfold = await createKeyfoldServer({
    db,
    provider: localRootKey(randomBytes(32)),
    mayCreate: true,
    process: false,
    ...(webhooks === undefined ? {} : { webhooks }),
  });
  const { token } = await benchTenant(keyfold);
  return {
    keyfold,
    db,
    request: requestInfo({ token }),
    superuserUrl: database.superuserUrl,
    async close() {
      await keyfold.close();
      await db.close();
      await database.drop();
    },
  };
}

async function receiver(answers: boolean) {
  let count = 0;
  let last = "";
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      if (!answers) return;
      count++;
      last = body;
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    taken: () => count,
    body: () => last,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
