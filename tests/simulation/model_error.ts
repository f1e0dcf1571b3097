// What the simulation is looking for.

/** A broken promise of the stack. */
export class ModelError extends Error {
  override readonly name = "ModelError";
}
