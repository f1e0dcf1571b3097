// Messages between reactor workers and their owner.

import type { ShutdownOptions } from "../server/server_options.ts";
import type { Insecure, TlsServerOptions } from "../credentials/mod.ts";
import type { HoldingsMessage } from "../thread_holdings.ts";
import type { WorkerServerOptions } from "./service_module.ts";

/** The worker's end of a socket pair to its boss; see boss.ts. */
export interface Intake {
  readonly descriptor: number;
  /** Shared: what the worker has of all this. Indexes are {@linkcode ADOPTED} and those below it. */
  readonly state: Int32Array;
}

/** 1: the descriptor of the intake is the worker's engine's. */
export const ADOPTED = 0;
/** How many connections the worker's engine has taken, in the order in which they were sent. */
export const TAKEN = 1;
/** How many of these are open. */
export const OPEN = 2;
/** 1: the worker was taken for gone, and what it was sent and had not taken is others'. A turn of Deno may go on for longer. */
export const GONE = 3;
/** Bytes of {@linkcode Intake.state}. */
export const STATE_BYTES = 16;

/** Given to a worker when it starts. */
export interface WorkerStart {
  readonly index: number;
  /** The service module's address. */
  readonly module: string;
  readonly poller: string;
  /** Where to listen, or where the boss does. */
  readonly address: string;
  /** Over it a boss sends the descriptors of connections; undefined where there is none. */
  readonly intake: Intake | undefined;
  readonly options: Omit<WorkerServerOptions, "credentials">;
  /** What the server's credentials are made from, where they are no data themselves. */
  readonly credentials: TlsServerOptions | Insecure | undefined;
  readonly data: unknown;
}

/** From a worker to its owner. */
export type FromWorker =
  | HoldingsMessage
  /** The service module is loaded and calls are taken, on `port`. */
  | { readonly kind: "serving"; readonly port: number }
  /** Its service module shuts its server down: it takes no more connections, and ends unexpectedly when that is over. */
  | { readonly kind: "stopping" }
  /** It cannot start, or an uncaught error ends it. `stack`: where that was, in the worker. */
  | { readonly kind: "failed"; readonly reason: string; readonly stack: string | undefined }
  /** Everything is closed; the thread ends. */
  | { readonly kind: "drained" };

/** From the owner to a worker. */
export type ToWorker =
  /** Takes no new calls, lets running ones finish, and ends. */
  { readonly kind: "drain"; readonly options: ShutdownOptions };
