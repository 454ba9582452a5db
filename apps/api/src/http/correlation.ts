import { randomUUID } from "node:crypto";

const GIVEN = /^[A-Za-z0-9._-]{8,64}$/;

/** The caller's own correlation id where it is one, so that its logs and ours meet; else a new one. */
export function correlationIdOf(header: string | null): string {
  return header !== null && GIVEN.test(header) ? header : randomUUID();
}
