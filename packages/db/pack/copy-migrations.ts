import { cp, rm } from "node:fs/promises";

// What is packed has no repository around it: the data model and its migrations come along, in dist.

const from = new URL("../../../prisma/", import.meta.url);
const to = new URL("../dist/prisma/", import.meta.url);

await rm(to, { recursive: true, force: true });
await cp(from, to, { recursive: true });
