// The long forms, each by itself, on a machine that does nothing else:
//   node bench/keys-long.ts re-encrypt 1000000
//   node bench/keys-long.ts rotate 100000
import { rootRotation } from "./keys.ts";
import { reEncryption, reEncryptionText } from "./re-encrypt.ts";

const [what, count] = process.argv.slice(2);
const many = Number(count);
if (!Number.isInteger(many) || many < 1)
  throw new Error("Say how many: node bench/keys-long.ts re-encrypt 1000000");
if (what === "re-encrypt") console.log(reEncryptionText(await reEncryption(many, 30)));
else if (what === "rotate") {
  const { seconds, memory, keys } = await rootRotation(many);
  console.log(
    `The root key rotated over ${many} tenants (${keys} keys) in ${seconds.toFixed(1)} s (${Math.round(keys / seconds)} keys/s), at most ${memory.map(Math.round).join(" MiB in its first half, and ")} MiB in its second, above what the process held before.`,
  );
} else throw new Error("It is re-encrypt or rotate.");
