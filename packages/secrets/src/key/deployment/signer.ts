import { type SecretKey, SigningKey } from "@keyfold/envelope";
import { encodeNoteKey, type NoteKey, noteKey, signNote } from "@keyfold/ledger";

/**
 * What signs for the deployment: checkpoints of its audit log, receipts. Its notes are those of c2sp.org/signed-note, by
 * the name `keyfold/<deployment's id>`; what a text is must be plain from its first line, since one key signs them all.
 */
export class Signer {
  readonly #key: SigningKey;
  /** To verify with: name, id and public key. */
  readonly verifier: NoteKey;

  constructor(seed: SecretKey, deployment: string) {
    this.#key = new SigningKey(seed);
    this.verifier = noteKey(`keyfold/${deployment}`, this.#key.publicKey);
  }

  /** The key's id in its notes: 8 hex digits. */
  get keyId(): string {
    return this.verifier.id.toString("hex");
  }

  /** The public key as text, for whoever verifies outside: `name+id+key`. */
  get publicKey(): string {
    return encodeNoteKey(this.verifier);
  }

  /** The text as a signed note. @throws LedgerError `malformed` for a text that no note can hold */
  sign(text: string): string {
    return signNote(text, this.verifier, (bytes) => this.#key.sign(bytes));
  }
}
