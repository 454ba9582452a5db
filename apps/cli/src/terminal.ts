/** What a command may use of the process it runs in; only `main.ts` knows the real one. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  /** Answers. */
  out(text: string): void;
  /** Progress and complaints. */
  err(text: string): void;
  /** Whether a person sees what goes to `err`. */
  isTerminal: boolean;
  /** How wide it is, in characters. */
  columns: number;
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
