// The baseline: the same HTTP stack with nothing behind it. A Hono route and a tRPC query and mutation that answer JSON of
// the size that Keyfold's answers have.
import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono } from "hono";
import superjson from "superjson";
import { serveAsChild } from "./serve.ts";

const answers = JSON.parse(process.argv[2]!) as { reveal: unknown; set: unknown; list: unknown };
const t = initTRPC.create({ transformer: superjson });
const input = (raw: unknown) => raw as Record<string, unknown>;
const router = t.router({
  secrets: t.router({
    reveal: t.procedure.input(input).query(() => answers.reveal),
    set: t.procedure.input(input).mutation(() => answers.set),
    list: t.procedure.input(input).query(() => answers.list),
  }),
});

const app = new Hono();
app.get("/api/secrets/:id", (c) => c.json(answers.reveal as object));
app.put("/api/secrets", async (c) => {
  await c.req.json();
  return c.json(answers.set as object);
});
app.get("/api/secrets", (c) => c.json(answers.list as object));
app.all("/trpc/*", (c) =>
  fetchRequestHandler({ endpoint: "/trpc", req: c.req.raw, router, createContext: () => ({}) }),
);

serveAsChild(app);
