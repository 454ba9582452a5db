export type DeploymentProblem =
  | "not_initialized"
  | "wrong_root_key"
  | "root_key_unavailable"
  | "wrong_hybrid_seed"
  | "wrong_region"
  | "sole_hsm"
  | "restoring"
  | "damaged";

/** A start that must not go on; the message says what to do. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
  readonly problem: DeploymentProblem;
  constructor(problem: DeploymentProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
