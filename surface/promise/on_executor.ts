// Unary methods that compute for long: their handlers run on an executor's threads, beside those of other calls.

import { Executor, ExecutorError } from "../../pollers/mod.ts";
import { HeaderList } from "../../transport/mod.ts";
import { Metadata, type MetadataValue } from "../call/metadata.ts";
import { RpcError } from "../call/rpc_error.ts";
import { sendable } from "../call/sendable.ts";
import { isErrorCode, Status } from "../call/status.ts";
import { checkOptions, describe } from "../options.ts";
import type { ServerCall } from "../server/server_call.ts";
import { AccidentError } from "../server/thrown_status.ts";

/** What a handler on an executor's thread learns of its call: data, since nothing else goes to a thread. */
export interface ExecutorCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** The `:authority` the client asked for. */
  readonly authority: string;
  /** What the client sent before its messages, name and value of each. */
  readonly metadata: readonly (readonly [name: string, value: MetadataValue])[];
  /** Milliseconds until the client's deadline when the call came; undefined where there is none. */
  readonly timeRemainingMs: number | undefined;
}

/** Where {@linkcode onExecutor} runs its calls. */
export interface OnExecutorOptions {
  /** Whose threads; it is shut down by whoever made it. Default: one that all methods of this thread share. */
  readonly executor?: Executor;
}

/** The executor of all methods without one of their own. Its threads hold no process, so nothing shuts it down. */
let shared: Executor | undefined = undefined;

const STATUSES = {
  crashed: Status.INTERNAL,
  closed: Status.UNAVAILABLE,
  "no-thread": Status.UNAVAILABLE,
};

/**
 * A handler of a unary method that runs on a thread: the function that `module` exports as `exportName` is called with
 * the request and an {@linkcode ExecutorCall}, and returns the response. An RpcError that it throws is the call's
 * status. A call that is cancelled, or whose deadline passes, terminates its thread.
 *
 * @example
 * ```ts ignore
 * import { onExecutor, Server } from "pollwire";
 * const server = new Server();
 * server.addService(Primes, { count: onExecutor(new URL("./count_primes.ts", import.meta.url)) });
 * ```
 *
 * @throws {TypeError} where `module` is no URL, for unknown options, and values of a wrong type
 */
export function onExecutor<Req, Res>(
  module: URL | string,
  exportName = "default",
  options: OnExecutorOptions = {},
): (request: Req, call: ServerCall) => Promise<Res> {
  const { href } = checked(module);
  const purpose = "make a handler on an executor";
  checkOptions(purpose, options, { executor: true });
  if (!(options.executor === undefined || options.executor instanceof Executor)) {
    throw new TypeError(`Cannot ${purpose}: executor is ${describe(options.executor)}; give an Executor`);
  }
  if (typeof exportName !== "string") {
    throw new TypeError(
      `Cannot ${purpose}: its function is ${describe(exportName)}; give the name of an export`,
    );
  }
  return async (request, call) => {
    const executor = options.executor ?? (shared ??= new Executor());
    const { path, authority, metadata, timeRemainingMs, signal } = call;
    const data: ExecutorCall = { path, authority, metadata: [...metadata], timeRemainingMs };
    try {
      return await executor.run<Res>(href, exportName, [request, data], { signal });
    } catch (error) {
      throw statusOf(error);
    }
  };
}

function checked(module: URL | string): URL {
  try {
    return new URL(module);
  } catch {
    throw new TypeError(
      `Cannot serve a method on an executor: its module "${module}" is no URL; new URL(path, import.meta.url) makes one`,
    );
  }
}

/** An RpcError that crossed a thread is a plain error with its name. */
function statusOf(error: unknown): unknown {
  if (error instanceof ExecutorError) {
    const { reason } = error;
    return reason === "full"
      ? new RpcError(Status.RESOURCE_EXHAUSTED, "too many calls wait for a thread", { cause: error })
      : new AccidentError(STATUSES[reason], error);
  }
  if (!(error instanceof Error) || error.name !== "RpcError") return error;
  const { code, details, metadata = [] } = error as Partial<Pick<RpcError, "code" | "details" | "metadata">>;
  if (!isErrorCode(code)) return error;
  const { fields } = sendable(metadata); // as it came, where the job had it of another server
  const given = Metadata.fromHeaders(HeaderList.ofStrings(fields));
  return new RpcError(code, String(details ?? ""), { metadata: given, cause: error });
}
