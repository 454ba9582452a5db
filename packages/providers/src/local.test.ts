import { randomBytes } from "node:crypto";
import { localRootKey } from "@keyfold/envelope";
import { conform } from "./testing/conform.ts";

const key = randomBytes(32);

conform({
  name: "local",
  make: () => localRootKey(Buffer.from(key)),
  secrets: [key.toString("hex"), key.toString("base64")],
});
