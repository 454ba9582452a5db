import { KeyfoldError } from "../error.ts";

/**
 * Input that should have proved who somebody is, and did not: well formed, and wrong. Its caller reads what they would of any
 * bad input; the audit log hears of it as of a refusal.
 */
export class WrongProof extends KeyfoldError {
  constructor(path: string, message: string) {
    super("bad_input", { issues: [{ path, message }] });
  }
}
