import { startEmbeddedPostgres } from "./start.ts";

/** Starts a server as a process of its own, says where it is in one line of JSON, and stays until killed. */
const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error("Usage: start.fixture.ts DATA_DIR");
const server = await startEmbeddedPostgres({ dataDir });
process.on("SIGINT", () => console.log("interrupted"));
console.log(JSON.stringify({ pid: server.pid, ownerUrl: server.ownerUrl, clusterDir: server.clusterDir }));
setInterval(() => {}, 60_000);
