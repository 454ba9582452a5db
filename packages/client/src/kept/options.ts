import type { KeyfoldErrorCode } from "../error.ts";

/** Where sealed copies are kept: files, or what a runtime has instead. It sees neither names nor values. */
export interface KeptStore {
  /** null: there is none. */
  read(id: string): Promise<Uint8Array | null>;
  /** Whole or not at all, also where the process dies meanwhile. */
  write(id: string, bytes: Uint8Array): Promise<void>;
  /** Erases one, or with null every one. What is not there needs none. */
  erase(id: string | null): Promise<void>;
}

export interface LastKnownGoodOptions {
  store: KeptStore;
  /** 32 random bytes that stay on this machine, and are kept apart from the store. */
  key: Uint8Array;
  /** What names this machine: a copy opens on no other. 1 to 255 characters. */
  host: string;
  /** The names of the secrets that are kept, and of no others. */
  secrets: readonly string[];
  /** How old a copy may be that is given out, in milliseconds; 24 hours by default. */
  maxAgeMs?: number;
  /** Told each time a kept value is given out instead of the server's. */
  onUse?: (use: KeptUse) => void;
  /** Told when the server answers again, of every version that was given out in the meantime. */
  onReconnect?: (uses: readonly KeptUse[]) => void;
  /** Told of a copy that was refused, of a store that failed, and where telling the server of the outage did. */
  onError?: (error: unknown) => void;
}

/** A kept value that was given out. No field holds it. */
export interface KeptUse {
  readonly tenant: string | undefined;
  readonly name: string;
  readonly version: number;
  /** When the server gave it, in milliseconds since 1970. */
  readonly at: number;
  /** Until when it is given out. */
  readonly useUntil: number;
  /** What the server failed with. */
  readonly because: KeyfoldErrorCode;
}

/** A copy that was not given out. */
export class KeptCopyRefused extends Error {
  override readonly name = "KeptCopyRefused";
  readonly reason: "not_authentic" | "another_format" | "too_old" | "from_the_future";

  constructor(reason: KeptCopyRefused["reason"]) {
    super(SENTENCES[reason]);
    this.reason = reason;
  }
}

const SENTENCES = {
  not_authentic:
    "A kept copy is not what this process, with this token, on this machine kept. It is not used.",
  another_format: "A kept copy was written by another version of this package. It is not used.",
  too_old: "A kept copy is too old. It is not used.",
  from_the_future: "A kept copy is from the future. Is this machine's clock right? It is not used.",
} as const;
