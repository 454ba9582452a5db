import { acknowledging } from "./acknowledging.ts";
import type { Clock } from "./clock.ts";
import type { Feed, Message } from "./feed.ts";

/** What an application is told with a value. */
export interface Applying {
  readonly version: number;
}

export interface UseOptions {
  /** How often a newer version is looked for, in milliseconds; 30 000 by default, `false`: only by `refresh`. */
  everyMs?: number | false;
  /**
   * Hear of changes by the tenant's stream too, within a moment: one connection for all secrets that are used or watched so in this
   * client. Off by default: a stream is a connection that stays, and the token needs the right to it. Where there is none, it
   * is looked for as often as `everyMs` says.
   */
  stream?: boolean;
  /**
   * How long this process counts as alive after it was last heard of, in seconds; 3600 by default, at most 86 400. It is
   * heard of three times as often.
   */
  leaseSeconds?: number;
  /**
   * Told of what fails after the first value was applied: a read, the application of a newer value (the one before stays in
   * use, and this is tried again), or saying so. Nothing is thrown then.
   */
  onError?: (error: unknown) => void;
}

/** A secret that is in use: its newest value was applied, and Keyfold knows which version that is. */
export interface InUse {
  /** The version that was applied last. */
  readonly version: number;
  /** Looks for a newer version now, applies it and says so; for whoever hears of a rotation. Rejected with what failed. */
  refresh(): Promise<void>;
  /** Stops looking, and says that this process uses it no more. */
  stop(): Promise<void>;
}

/** What `use` is made of. */
export interface Using<T> {
  read(): Promise<{ version: number; value: T }>;
  /** Which version is current; null: that cannot be said, and so it is read. */
  look(): Promise<number | null>;
  apply(value: T, applying: Applying): void | Promise<void>;
  /** Says that a version is in use, for so many seconds. */
  acknowledge(version: number, leaseSeconds: number): Promise<unknown>;
  clock: Clock;
  /** The name under which it is used. */
  name: string;
  /** The tenant's stream; nothing connects before somebody joins it. */
  feed: Pick<Feed, "join">;
}

const EVERY_MS = 30_000;

/**
 * Applies a secret's value now and whenever there is a newer version; says so each time, once the application has taken
 * it, and not when it was read.
 * @throws whatever the first read or the first `apply` fails with
 */
export async function use<T>(parts: Using<T>, options: UseOptions): Promise<InUse> {
  const { everyMs = EVERY_MS, leaseSeconds, onError = () => {} } = options;
  const { clock, acknowledge } = parts;
  const word = acknowledging({ acknowledge, clock, ...(leaseSeconds === undefined ? {} : { leaseSeconds }) });
  let applied: number | null = null;
  let running: Promise<void> | null = null;
  let stopped = false;

  const look = async (): Promise<void> => {
    // Asked without its value first: every read of a value is an event in the audit log.
    if (applied !== null && (await parts.look()) === applied) return;
    const { version, value } = await parts.read();
    if (stopped || version === applied) return;
    await parts.apply(value, { version });
    applied = version;
  };
  const say = async (): Promise<void> => {
    if (!stopped && applied !== null) await word.say(applied);
  };
  // What the application uses it goes on using, whether or not Keyfold hears of it.
  const tellWhatFails = (error: unknown) => onError(error);
  const refresh = (): Promise<void> => {
    running ??= look()
      .finally(() => say().catch(tellWhatFails))
      .finally(() => {
        running = null;
      });
    return running;
  };
  const again = (ms: number): void =>
    clock.after(ms, () => {
      if (stopped) return;
      void refresh()
        .catch(onError)
        .finally(() => again(ms));
    });

  await refresh();
  if (everyMs !== false) again(everyMs);
  /** What comes while one look is under way is looked for once more after it. */
  let heard = false;
  const hear = (): void => {
    if (stopped || heard) return;
    heard = true;
    void (running ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        heard = false;
        return stopped ? undefined : refresh();
      })
      .catch(onError);
  };
  const concerns = ({ name, data }: Message): boolean =>
    name === parts.name || data.renamed_from === parts.name;
  const leave = options.stream
    ? parts.feed.join({
        onMessage: (message) => void (concerns(message) && hear()),
        onOpen: hear,
        onError: tellWhatFails,
      })
    : () => {};
  return {
    get version() {
      return applied!;
    },
    refresh,
    async stop() {
      if (stopped) return;
      stopped = true;
      leave();
      await running?.catch(() => {});
      await word.end();
    },
  };
}
