import { fileURLToPath } from "node:url";

/**
 * What Node is started with for the API, by `pnpm start` and by the benchmarks: the flags of the unit in docs/deploy.md
 * (docs/adr/0017-a-small-process.md says why). V8 lets the space of new objects grow to 96 MB and never gives it back; a quarter
 * serves as well (`node bench/memory.ts`). And it collects what is old as soon as that has doubled; from 104 MB on it has less to do.
 * What lived long once, V8 would put among what is old from then on: after a burst of calls that is every call.
 */
export const ARGUMENTS = [
  "--max-semi-space-size=8",
  "--initial-old-space-size=104",
  "--no-allocation-site-pretenuring",
  // What was built: read as TypeScript it takes a second more to start, and 30 MB more of memory.
  "--conditions=built",
  fileURLToPath(new URL("../apps/api/dist/main.js", import.meta.url)),
];

/** glibc keeps what was freed, once something large was; told like this, it keeps 128 KB. Of no meaning elsewhere. */
export const ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: "131072" };
