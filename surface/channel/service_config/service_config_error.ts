// The error of a service config that cannot be used.

/** A service config cannot be used, nothing of it: the message names the field that is wrong, and says what it should be. */
export class ServiceConfigError extends TypeError {
  /** "ServiceConfigError". */
  override readonly name = "ServiceConfigError";
  /** Where the field stands: "methodConfig[0].retryPolicy.maxAttempts"; "" is the whole. */
  readonly path: string;
  /** What is wrong with it: "is 1; give 2 or more". */
  readonly problem: string;

  /** See {@linkcode path} and {@linkcode problem}. */
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Cannot read the service config: ${path === "" ? "it" : path} ${problem}`, options);
    this.path = path;
    this.problem = problem;
  }
}
