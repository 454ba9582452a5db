import { randomUUID } from "node:crypto";
import type { SecretKey } from "@keyfold/envelope";
import { describeCause } from "../error.ts";
import type { Target } from "../flow/event.ts";
import type { DomainLog } from "../flow/services.ts";

/*
 * The journal: what was refused since the last backup, off this machine, so that a restore refuses it again. A line is
 *
 *   MAC (64 hex digits) ‖ " " ‖ JSON ‖ "\n"
 *
 * The MAC is HMAC-SHA-256 over the JSON's bytes, under a key drawn from the deployment's integrity key. Each process counts
 * its lines from 1, under a name of its own, so that one that is missing is seen. Lines hold references, never values.
 */

/** What a restore must do again, by the event that tells of it. */
export const JOURNALED = [
  "token.revoked",
  "version.revoked",
  "version.destroyed",
  "version.grace_ended",
  "secret.deleted",
  "secret.restored",
  "rotation.policy_removed",
  "webhook.deleted",
  "federation.rule_deleted",
  "member.removed",
  "member.narrowed",
  "tenant.deleted",
  "tenant.keys_destroyed",
  "tenant.purged",
] as const;
export type Journaled = (typeof JOURNALED)[number];
const ALL: ReadonlySet<string> = new Set(JOURNALED);

/** One thing that was refused. */
export interface Refusal {
  /** The audit chain and the batch that hold its event: whoever has that batch knows of it. */
  chain: string;
  batch: string;
  action: string;
  target: Target | null;
}

export interface JournalLine {
  v: 1;
  writer: string;
  n: number;
  at: string;
  chain: string;
  batch: string;
  action: Journaled;
  target: { type: string; id: string; version: number | null };
}

/** Where lines go: whole lines, durable when it answers. */
export interface JournalSink {
  append(lines: string): Promise<void>;
}

/** The key that lines are authenticated by. */
export const journalKey = (integrity: SecretKey): SecretKey => integrity.derive("keyfold/journal/v1");

/** Notes what is refused from now on off this machine, for a restore: in order, each line numbered and authenticated. */
export class Journal {
  readonly #key: SecretKey;
  readonly #sink: JournalSink;
  readonly #log: DomainLog;
  readonly #clock: () => Date;
  readonly #writer = randomUUID();
  #count = 0;
  /** Lines that could not be written yet. */
  #waiting = "";
  #last: Promise<void> = Promise.resolve();

  constructor(options: { integrity: SecretKey; sink: JournalSink; log: DomainLog; clock: () => Date }) {
    this.#key = journalKey(options.integrity);
    this.#sink = options.sink;
    this.#log = options.log;
    this.#clock = options.clock;
  }

  /**
   * Notes what was just committed, and answers when it is durable there. What cannot be written is told to the log and
   * tried again with the next: the change itself stands.
   */
  async note(refusals: readonly Refusal[]): Promise<void> {
    const lines = refusals.filter(isJournaled);
    if (lines.length === 0) return;
    for (const { chain, batch, action, target } of lines) {
      this.#count += 1;
      const line: JournalLine = {
        v: 1,
        writer: this.#writer,
        n: this.#count,
        at: this.#clock().toISOString(),
        chain,
        batch,
        action,
        target: { type: target.type, id: target.id, version: target.version ?? null },
      };
      this.#waiting += sealLine(this.#key, line);
    }
    this.#last = this.#last.then(() => this.#flush());
    await this.#last;
  }

  async #flush(): Promise<void> {
    if (this.#waiting === "") return;
    const lines = this.#waiting;
    try {
      await this.#sink.append(lines);
      this.#waiting = this.#waiting.slice(lines.length);
    } catch (error) {
      this.#log.error(
        { cause: describeCause(error) },
        "a revocation could not be noted in the journal; a restore would not know of it",
      );
    }
  }
}

type JournaledRefusal = Refusal & { action: Journaled; target: Target & { id: string } };
const isJournaled = (refusal: Refusal): refusal is JournaledRefusal =>
  ALL.has(refusal.action) && refusal.target !== null && refusal.target.id !== null;

/** A line, its newline included. */
export function sealLine(key: SecretKey, line: JournalLine): string {
  const json = JSON.stringify(line);
  return `${key.hmacSha256(json).toString("hex")} ${json}\n`;
}
