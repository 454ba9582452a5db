import type { Services } from "../flow/services.ts";

/** What is inside a server: for this package's own tests, which reach where no credential does. */
export const insideOf = new WeakMap<object, Services>();
