// Where errors go of files that are checked to their end: those after the first are found too.

import { ProtoError } from "../errors.ts";

/** Takes one error; the pass goes on with the next declaration. */
export type ReportError = (error: ProtoError) => void;

/** Runs `step`. What is wrong is given to `report`, and thrown where there is none. */
export function attempt(report: ReportError | undefined, step: () => void): void {
  if (report === undefined) return step();
  try {
    step();
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    report(error);
  }
}
