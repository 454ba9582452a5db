/** What can go wrong in the envelope. The list is closed, so that a caller's map over it can be total. */
export type EnvelopeErrorCode = keyof typeof sentences;

// Sentences are fixed, so that no byte of a key or a value can reach a log through an error.
const sentences = {
  /** Not the shape that envelope v1 asks for: a wrong length, or a place that names no valid id. */
  malformed: "The bytes or the place do not have the shape that envelope v1 asks for.",
  /** Another format or suite: perhaps written by a newer release. Not a sign of tampering by itself. */
  unsupported: "The bytes name a format or suite that this release does not know.",
  /** The key commitment does not match: another DEK, or a changed salt or commitment. */
  wrong_key: "The key does not belong to the sealed bytes.",
  /** The tag fails: moved to another place, changed, cut, or (for a wrap, which has no commitment) another key. */
  not_authentic: "The bytes are not authentic: they were changed, or they belong elsewhere.",
  too_large: "The value is larger than the envelope takes.",
  /** The wrap names a root key that this provider does not hold. */
  unknown_opener: "The key is wrapped under a root key that this provider does not hold.",
  bad_root_key: "The root key cannot be used.",
  bad_hybrid_seed: "The hybrid seed cannot be used.",
  provider_unavailable: "The provider of root keys did not answer as it should.",
} as const;

/** The only error that this package throws on purpose. Neither its message nor its fields hold key or value bytes. */
export class EnvelopeError extends Error {
  readonly code: EnvelopeErrorCode;

  constructor(code: EnvelopeErrorCode, sentence: string = sentences[code]) {
    super(sentence);
    this.name = "EnvelopeError";
    this.code = code;
  }
}
