// What row A of the requirements describes: `tenant_secrets` with base64 of pgcrypto's encrypt(), one master key in the
// statements. The same HTTP stack, pool and PostgreSQL settings; a row of audit for each call, in the call's transaction.
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "@keyfold/db";
import { Hono } from "hono";
import pg from "pg";
import { serveAsChild } from "./serve.ts";

const postgres = await startEmbeddedPostgres({ dataDir: await mkdtemp(join(tmpdir(), "keyfold-bench-")) });
const setUp = new pg.Client({ connectionString: postgres.superuserUrl });
await setUp.connect();
await setUp.query(`CREATE EXTENSION pgcrypto;
  CREATE TABLE tenant_secrets (tenant_id text, key_name text, encrypted_value text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant_id, key_name));
  CREATE TABLE audit_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id text, key_name text, action text, at timestamptz DEFAULT now())`);
await setUp.end();
const pool = new pg.Pool({ connectionString: postgres.superuserUrl, max: 16 });
pool.on("error", () => {}); // its database is dropped when the run is over
const master = randomBytes(32).toString("hex");

const GET = `WITH a AS (INSERT INTO audit_log (tenant_id, key_name, action) VALUES ($1, $2, 'get'))
  SELECT convert_from(decrypt(decode(encrypted_value, 'base64'), decode($3, 'hex'), 'aes-cbc'), 'utf8') AS value
    FROM tenant_secrets WHERE tenant_id = $1 AND key_name = $2`;
const SET = `WITH a AS (INSERT INTO audit_log (tenant_id, key_name, action) VALUES ($1, $2, 'set'))
  INSERT INTO tenant_secrets (tenant_id, key_name, encrypted_value)
    VALUES ($1, $2, encode(encrypt(convert_to($4, 'utf8'), decode($3, 'hex'), 'aes-cbc'), 'base64'))
    ON CONFLICT (tenant_id, key_name) DO UPDATE SET encrypted_value = excluded.encrypted_value, updated_at = now()`;

const app = new Hono();
app.get("/secrets/:name", async (c) => {
  const { rows } = await pool.query(GET, ["acme", c.req.param("name"), master]);
  return rows.length === 0 ? c.notFound() : c.json({ value: rows[0].value });
});
app.put("/secrets", async (c) => {
  const { name, value } = await c.req.json();
  await pool.query(SET, ["acme", name, master, value]);
  return c.json({ name });
});
serveAsChild(app, async () => {
  await pool.end();
  await postgres.stop();
});
