// What every part of the contract suite is given.
import type { EngineFactory, EngineOptions } from "../../../pollers/mod.ts";
import type { TestOptions } from "../../harness.ts";

/** What the parts of the suite get. */
export interface Suite {
  /** Makes engines as the suite was asked to. */
  readonly factory: EngineFactory;
  /** What a child process makes such an engine of: the poller's name and options. */
  readonly made: { readonly poller: string; readonly options: EngineOptions };
  /** Declares a test under the engine's name. */
  rule(name: string, body: () => Promise<void> | void, options?: TestOptions): void;
}
