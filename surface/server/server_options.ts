// What servers are made with, and how they are shut down.

import type { ConnectionLifetimeOptions, ServerKeepaliveOptions } from "../../transport/mod.ts";
import type { PolicySource } from "../authorization/authorizer.ts";
import { CONNECT_OPTION_NAMES, type UserConnectOptions } from "../connect_options.ts";
import type { Insecure } from "../credentials/insecure.ts";
import type { ServerCredentials } from "../credentials/server_credentials.ts";
import type { PollerList } from "../engines.ts";
import type { Feature } from "../features/feature.ts";
import { checkNumber, checkOptions, checkType, type OptionNames } from "../options.ts";
import type { AdmissionOptions } from "./admission.ts";
import type { ServerInterceptor } from "./interceptor.ts";

/** What a server is made with. */
export interface ServerOptions extends UserConnectOptions, ConnectionLifetimeOptions, AdmissionOptions {
  /** How clients are asked whether they are there, and how often they may ask. */
  readonly keepalive?: ServerKeepaliveOptions;
  /** Pollers to choose from, in order; else POLLWIRE_POLLER, else "native". A server of "pollwire/lean" has to be given one. */
  readonly poller?: PollerList;
  /** What it can do beside what its class can: of a server of "pollwire", which can do everything, nothing more. */
  readonly features?: readonly Feature[];
  /**
   * How connections are secured: `tls.server(...)`, or `insecure` for plaintext. Default: plaintext on loopback addresses,
   * unix sockets and pipes, and no listening where other machines can connect.
   */
  readonly credentials?: ServerCredentials | Insecure;
  /**
   * Which clients may call what (gRFC A43): a policy, its JSON, `{ file }`, or a function that gives the policy of now.
   * Later policies are read when calls come, once a second at most; where one cannot be used the earlier one is kept, and
   * `onError` gets the reason. Default: every client may call everything.
   */
  readonly authorization?: PolicySource;
  /** Let other processes listen on the same port (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /**
   * Called once each time that accepting pauses, as where the process ran out of descriptors; it resumes by
   * itself. Default: a warning is logged.
   */
  readonly onAcceptPaused?: (reason: Error) => void;
  /**
   * Let clients learn the messages of errors that handlers throw and that are no RpcError. Default false: they get
   * UNKNOWN, "handler failed", and the error goes to `onError`.
   */
  readonly exposeErrors?: boolean;
  /** Run around every call, the first one outermost. */
  readonly interceptors?: readonly ServerInterceptor[];
}

/** The names in {@linkcode ServerOptions}. */
export const SERVER_OPTION_NAMES: OptionNames<ServerOptions> = {
  ...CONNECT_OPTION_NAMES,
  poller: true,
  features: true,
  credentials: true,
  authorization: true,
  reusePort: true,
  onAcceptPaused: true,
  acceptConnection: true,
  maxConnectionsPerAddress: true,
  exposeErrors: true,
  interceptors: true,
  maxConnectionIdleMs: true,
  maxConnectionAgeMs: true,
  maxConnectionAgeGraceMs: true,
};

const TYPES = {
  reusePort: "boolean",
  exposeErrors: "boolean",
  onAcceptPaused: "function",
  acceptConnection: "function",
} as const;

/** Throws TypeError for a switch among `options` that is neither true nor false, and for a callback that is no function. */
export function checkServerTypes(purpose: string, options: ServerOptions): void {
  for (const name of Object.keys(TYPES) as (keyof typeof TYPES)[]) {
    checkType(purpose, name, options[name], TYPES[name]);
  }
}

/** How a graceful shutdown is done. */
export interface ShutdownOptions {
  /** Milliseconds after which calls that still run are ended. Default: none are. */
  readonly graceMs?: number;
}

/** The names in {@linkcode ShutdownOptions}. */
const SHUTDOWN_OPTION_NAMES: OptionNames<ShutdownOptions> = { graceMs: true };

/** Throws TypeError for an unknown option of a shutdown, and RangeError where its grace is none. */
export function checkShutdown(purpose: string, options: ShutdownOptions): void {
  checkOptions(purpose, options, SHUTDOWN_OPTION_NAMES);
  checkGrace(purpose, options.graceMs);
}

/** Throws RangeError for what is no time: the engine's timers would be out of order with it. A negative one has passed. */
export function checkGrace(purpose: string, graceMs: unknown): void {
  checkNumber(purpose, "graceMs", graceMs, -Infinity, "a number of milliseconds, or Infinity");
}
