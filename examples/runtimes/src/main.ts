import { createKeyfold } from "@keyfold/client";
import { lastKnownGoodFiles } from "@keyfold/client/node";
import { smoke } from "./smoke.ts";

// On Node, Bun and Deno: settings from the environment, copies in files.
const { KEYFOLD_URL: url = "", KEYFOLD_TOKEN: token = "", DIRECTORY: directory = "" } = process.env;
const found = await smoke({ url, token });

const lastKnownGood = await lastKnownGoodFiles({ directory, secrets: ["TEXT"] });
const first = createKeyfold({ url, token, lastKnownGood });
await first.tenant().get("TEXT");
await first.settled();
const away = () => Promise.reject(new TypeError("away"));
const second = createKeyfold({ url, token, retries: 0, fetch: away, lastKnownGood });
console.log(JSON.stringify({ ...found, fromFile: await second.tenant().get("TEXT") }));
