import { generateClient } from "./migrate/generate-client.ts";

const [command] = process.argv.slice(2);
if (command === "generate") {
  const done = await generateClient();
  if (!done) console.log("The Prisma client is up to date.");
} else {
  console.error("Usage: pnpm db generate");
  process.exitCode = 2;
}
