/** Why a rotation's step did not succeed; each with the sentence that people are shown. */
const SENTENCES = {
  bad_config: "The rotator's settings are not valid.",
  bad_state: "What an earlier step of this rotation noted cannot be read by this version of the rotator.",
  bad_current_value:
    "The secret's current value is not one that this rotator can go on from. Set a value of its form first, or allow it to start over.",
  bad_credential: "A secret that this rotator logs in with does not hold what it needs.",
  package_missing: "A package that this rotator needs is not installed.",
  target_unavailable: "The target cannot be reached, or did not answer in time.",
  target_refused: "The target refused. Check the rights of the account that the rotator logs in with.",
  target_missing: "What shall be rotated does not exist at the target.",
  test_failed: "The new value does not work at the target, and was not put into use.",
  failed: "The rotator failed in a way that it has no name for.",
} as const;

export type RotatorErrorCode = keyof typeof SENTENCES;

/** What may pass by itself: the step is worth another try. */
const PASSING: ReadonlySet<RotatorErrorCode> = new Set(["target_unavailable"]);

/**
 * The one error that a rotator throws. It holds no text of the target's, which could quote a value: a code of ours, and
 * at most the target's own short code.
 */
export class RotatorError extends Error {
  override readonly name = "RotatorError";
  readonly code: RotatorErrorCode;
  /** The target's own code: a SQLSTATE, an HTTP status, an errno. */
  readonly targetCode: string | null;

  /** @param targetCode 1 to 32 of A-Z a-z 0-9 _ - ; anything else is left out */
  constructor(code: RotatorErrorCode, targetCode?: unknown) {
    super(SENTENCES[code]);
    this.code = code;
    this.targetCode =
      typeof targetCode === "string" && /^[\w-]{1,32}$/.test(targetCode)
        ? targetCode
        : typeof targetCode === "number" && Number.isSafeInteger(targetCode)
          ? String(targetCode)
          : null;
  }

  /** Whether the same step may succeed a while later with nothing changed. */
  get passing(): boolean {
    return PASSING.has(this.code);
  }
}

/** A rotator's own error as it is; anything else, whatever it says, is `failed`. */
export function asRotatorError(error: unknown): RotatorError {
  return error instanceof RotatorError ? error : new RotatorError("failed");
}

/** The sentence of a code that was stored. */
export function sentenceOf(code: RotatorErrorCode): string {
  return SENTENCES[code];
}

export const ROTATOR_ERROR_CODES = Object.keys(SENTENCES) as [RotatorErrorCode, ...RotatorErrorCode[]];
