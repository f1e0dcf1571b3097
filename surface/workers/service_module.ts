// What an application writes for reactor workers: a module that adds its services to each worker's server.

import type { PolicyData } from "../authorization/authorizer.ts";
import type { Server } from "../server/server.ts";
import type { ServerOptions } from "../server/server_options.ts";

/** Options of each worker's server: those that can be sent to a thread. Interceptors come by `server.intercept`. */
export interface WorkerServerOptions extends
  Omit<
    ServerOptions,
    | "poller"
    | "features"
    | "reusePort"
    | "onAcceptPaused"
    | "acceptConnection"
    | "onError"
    | "logger"
    | "interceptors"
  > {
  /** As `ServerOptions.authorization`; a function cannot be sent to a thread, and each thread reads a file for itself. */
  readonly authorization?: PolicyData;
}

/** What a service module learns of the worker that loads it. */
export interface WorkerContext {
  /** 0 for the first worker; a worker that replaces another one has its number. */
  readonly index: number;
  /** `data` of `startReactorWorkers`. */
  readonly data: unknown;
}

/**
 * The default export of a service module. It runs once in every worker, before the worker takes calls.
 *
 * @example
 * ```ts ignore
 * import { loadProto, type ServiceSetup } from "pollwire";
 * const { Greeter } = await loadProto(new URL("./greeter.proto", import.meta.url));
 * const setup: ServiceSetup = (server) => server.addService(Greeter, { sayHello: ({ name }) => ({ text: name }) });
 * export default setup;
 * ```
 */
export type ServiceSetup = (server: Server, context: WorkerContext) => void | Promise<void>;
