// The ways in alone: `node bench/ways-in.ts [SECRETS TENANTS]`; the issue's own numbers are 100000 and 1000.
import { clientRows } from "./client.ts";
import { importing, importingText } from "./import.ts";
import { table } from "./measure.ts";

const [secrets = 2_000, tenants = 20] = process.argv.slice(2).map(Number);
console.log(table(await clientRows(false)));
console.log(`\n${importingText(await importing(secrets, tenants))}`);
