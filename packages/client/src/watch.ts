import { type Acknowledging, acknowledging } from "./acknowledging.ts";
import type { Clock } from "./clock.ts";
import { isKeyfoldError, type KeyfoldClientError } from "./error.ts";
import type { Feed, Message } from "./feed.ts";

export interface WatchOptions {
  /** Told when the stream breaks, a read fails, or `onChange` throws. The watch goes on all the same. */
  onError?: (error: unknown) => void;
  /** How often it asks where no stream can be had, in milliseconds; 30 000 by default. */
  pollMs?: number;
  /**
   * Whether Keyfold is told, each time `onChange` has returned, that this process uses that version: a rotation can then be
   * seen through to the last process, and a grace can end when all have moved. True by default; false where `onChange` only
   * hears of a value and somebody else uses it.
   */
  acknowledge?: boolean;
}

export interface Watch {
  stop(): void;
}

/** A value as a watch finds it. */
export interface Found {
  readonly id: string;
  readonly version: number;
}

interface Source<F extends Found> {
  readonly name: string;
  readonly feed: Feed;
  readonly clock: Clock;
  /** The current value, from the server. */
  read(): Promise<F>;
  /** Which one is current, without its value. */
  look(): Promise<{ id: string; version: number | null }>;
  onChange(found: F): void | Promise<void>;
  /** Says that this process uses a version, for so many seconds. */
  acknowledge(found: Found, leaseSeconds: number): Promise<unknown>;
}

/**
 * Watches one secret: tells the value that is current when it begins, and then every time another one is. The stream says
 * that something changed; where there is none, it asks every so often. One call of `onChange` at a time.
 */
export function watch<F extends Found>(source: Source<F>, options: WatchOptions = {}): Watch {
  const { name, feed, clock } = source;
  const { pollMs = 30_000, acknowledge = true } = options;
  let told: Found | null = null;
  let word: Acknowledging | null = null;
  let secretId: string | null = null;
  let stopped = false;
  let busy = false;
  let wanted: "look" | "read" | null = null;

  const fail = (error: unknown) => {
    if (!stopped) options.onError?.(error);
  };
  const ask = async (how: "look" | "read"): Promise<void> => {
    wanted = how === "read" || wanted === "read" ? "read" : "look";
    if (busy) return;
    busy = true;
    try {
      while (wanted !== null && !stopped) {
        const now: "look" | "read" = told === null ? "read" : wanted;
        wanted = null;
        await once(now);
      }
    } finally {
      busy = false;
    }
  };
  /** Says which version is in use. Whoever may not say so is told once, and goes on without. */
  let mayTell = acknowledge;
  let telling = false;
  const tell = async (): Promise<void> => {
    if (!mayTell || telling || told === null || stopped) return;
    telling = true;
    try {
      await word?.say(told.version);
    } catch (error) {
      if (isKeyfoldError(error, "forbidden")) mayTell = false;
      fail(error);
    } finally {
      telling = false;
    }
  };
  const isTold = (found: { id: string; version: number | null }): boolean =>
    told !== null && told.id === found.id && told.version === found.version;
  const once = async (how: "look" | "read"): Promise<void> => {
    try {
      if (how === "look" && isTold(await source.look())) return;
      const found = await source.read();
      secretId = found.id;
      if (stopped || isTold(found)) return;
      await source.onChange(found);
      if (word === null || told?.id !== found.id) {
        const { id } = found;
        const say = (version: number, seconds: number) => source.acknowledge({ id, version }, seconds);
        word = acknowledging({ clock, acknowledge: say });
      }
      told = { id: found.id, version: found.version };
      await tell();
    } catch (error) {
      fail(error);
    }
  };
  const concerns = (message: Message): boolean =>
    message.name === name || message.data.renamed_from === name || message.secretId === secretId;

  const leave = feed.join({
    onMessage: (message) => void (concerns(message) && ask("read")),
    onOpen: () => void ask("look"),
    onError: (error: KeyfoldClientError) => fail(error),
  });
  const tick = () => {
    if (stopped) return;
    if (!feed.live) void ask("look");
    void tell();
    clock.after(pollMs, tick);
  };
  clock.after(pollMs, tick);
  void ask("read");
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      leave();
      // Nobody waits for it: what is not heard of it in time, its lease says.
      if (mayTell) void word?.end().catch(() => {});
    },
  };
}
