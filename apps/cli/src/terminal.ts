/** What a command may use of the process it runs in; only `main.ts` knows the real one. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  /** Answers; on a screen without what would move its cursor. */
  out(text: string): void;
  /** A value that a person asked to see, as it is; left out: `out`. */
  outAsIs?(text: string): void;
  /** Answers that are no text. */
  outBytes?(bytes: Uint8Array): void;
  /** Progress and complaints. */
  err(text: string): void;
  /** Whether a person sees what goes to `err`. */
  isTerminal: boolean;
  /** How wide it is, in characters. */
  columns: number;
  /** The folder it was called in; left out: none, and so no `keyfold.json`. */
  cwd?: string;
  /** Whether what goes to `out` is shown to a person, and not kept by a pipe or a file. */
  outIsTerminal?: boolean;
  /** What comes in; left out: nothing. */
  input?: Input;
  /** Shows an address to the person in a browser; left out: there is none. */
  browse?(url: string): void;
}

export interface Input {
  /** Whether a person types. */
  isTerminal: boolean;
  /** Everything that is piped in. */
  read(): Promise<Buffer>;
  /** Asks a person for something that is not shown while it is typed. */
  hidden(question: string): Promise<string>;
}

/** What a command ends with. */
export const EXIT = {
  done: 0,
  /** It was refused, or a job stopped. */
  failed: 1,
  /** The command line or a setting cannot be used. */
  usage: 2,
  /** The server does not answer: try again. */
  unreachable: 3,
} as const;

/** An end that a sentence explains. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exit: number;
  constructor(exit: number, sentence: string) {
    super(sentence);
    this.exit = exit;
  }
}
