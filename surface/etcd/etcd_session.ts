// Calls to etcd: to one endpoint at a time, and for a user where one is given.
//
// A session does not repeat what failed, but for a token that etcd does not know any more. Who uses it says with `failed`
// that an attempt failed, and gets the time of the next one: the other endpoints come first, at once and in turn; when all
// have failed, the connection backoff lies between two attempts (counted from their starts), whatever they failed of.

import { type EventEngine, type Instant, type Logger, messageOf, type Reporter } from "../../pollers/mod.ts";
import { NO_HEADERS } from "../../transport/mod.ts";
import type { CallStatus } from "../call/call_status.ts";
import { Status } from "../call/status.ts";
import { callContext, Channel } from "../channel/channel.ts";
import type { ResolverBackoff } from "../channel/resolver/resolver.ts";
import { callObservers } from "../features/call_observers.ts";
import { frameTraces } from "../features/frame_traces.ts";
import { keepalive } from "../features/keepalive.ts";
import { knownChannels } from "../features/known_channels.ts";
import { sharedConnections } from "../features/shared_connections.ts";
import { DoneStatus } from "../reactor/done_status.ts";
import { type ReactorCallOptions, type ReactorClient, reactorMethods } from "../reactor/reactor_methods.ts";
import type { EtcdSettings } from "./etcd_options.ts";
import { type EtcdServices, etcdServices } from "./etcd_proto.ts";

/** An answer takes etcd milliseconds; where it has no leader, some seconds. */
const REQUEST_TIMEOUT_MS = 5_000;

/** etcd's clients are to be silent for 5 s at least (its option grpc-keepalive-min-time). */
const KEEPALIVE = { timeMs: 30_000, timeoutMs: 10_000 };

/** What etcd says of a token that was made before a change of users or roles (with INVALID_ARGUMENT). */
const OLD_TOKEN = /revision of auth store is old/;

/** Clients of etcd's services over one channel. */
export type EtcdClients = { readonly [Name in keyof EtcdServices]: ReactorClient<EtcdServices[Name]> };

/** A call that may be given up. */
export interface Cancellable {
  /** Nothing is called any more. */
  cancel(): void;
}

/** A call, as its session makes it. */
export interface Operation extends Cancellable {
  /** Makes the call, with `options`. */
  begin(clients: EtcdClients, options: ReactorCallOptions): void;
  /** It cannot be made: the user was refused, or etcd was not reached. */
  refused(status: DoneStatus): void;
}

/** See the head of this file. */
export class EtcdSession {
  private channel: Channel | undefined = undefined;
  /** There was a channel. */
  private hasOpened = false;
  private clients: EtcdClients | undefined = undefined;
  private token: string | undefined = undefined;
  private at = 0;
  /** Endpoints that may be tried at once. */
  private untried: number;
  private readonly operations = new Set<Operation>();
  /** Those that wait for a token; undefined where none is asked for. */
  private waiting: Set<Operation> | undefined = undefined;

  constructor(
    private readonly engine: EventEngine,
    private readonly settings: EtcdSettings,
    private readonly reporter: Reporter,
    private readonly backoff: ResolverBackoff,
  ) {
    this.untried = settings.endpoints.length - 1;
  }

  /** The endpoint that calls go to: "127.0.0.1:2379". */
  get endpoint(): string {
    return this.settings.endpoints[this.at]!;
  }

  /**
   * Makes the call of `operation`, which is the session's until {@linkcode ended}. Throws where there can be no channel to the
   * first endpoint; of a later one the call is refused then, so that the next one is tried.
   */
  submit(operation: Operation): void {
    this.operations.add(operation);
    try {
      if (this.settings.user !== undefined && this.token === undefined) return this.awaitToken(operation);
      this.begin(operation);
    } catch (error) {
      if (!this.hasOpened) throw error;
      this.engine.run(() => {
        this.ended(operation);
        operation.refused(this.unusable(error));
      });
    }
  }

  private unusable(error: unknown): DoneStatus {
    const status: CallStatus = {
      code: Status.UNAVAILABLE,
      message: messageOf(error),
      metadata: NO_HEADERS,
      cause: error,
      endedBy: "library",
    };
    return new DoneStatus(status, { path: "", peer: this.endpoint });
  }

  /** The call of `operation` is over. */
  ended(operation: Operation): void {
    this.operations.delete(operation);
    this.waiting?.delete(operation);
  }

  /** Whether a call that ended with `status` failed of its token alone; then the next call gets another one. */
  tokenWasOld({ code, details }: DoneStatus): boolean {
    const isOld = code === Status.UNAUTHENTICATED ||
      (code === Status.INVALID_ARGUMENT && OLD_TOKEN.test(details));
    if (!isOld || this.token === undefined) return false;
    this.token = undefined;
    return true;
  }

  /** etcd does what it is asked: the next failure is the first one. */
  succeeded(): void {
    this.backoff.reset();
    this.untried = this.settings.endpoints.length - 1;
  }

  /** An attempt that began at `startedAt` failed, or what it began has ended: when the next one is due, to another endpoint. */
  failed(startedAt: Instant, mostMs = Infinity): Instant {
    this.letGo();
    this.at = (this.at + 1) % this.settings.endpoints.length;
    const now = this.engine.now();
    if (this.untried-- > 0) return now;
    this.untried = this.settings.endpoints.length - 1;
    return Math.max(now, startedAt + Math.min(mostMs, this.backoff.next()));
  }

  /** The same where etcd is well: its connection is kept, and the time is not before the backoff after `startedAt`. */
  again(startedAt: Instant): Instant {
    return Math.max(this.engine.now(), startedAt + this.backoff.next());
  }

  /** The wait after failures is over. */
  resetBackoff(): void {
    this.backoff.reset();
  }

  /** Ends; calls that run are given up. */
  close(): void {
    this.letGo();
  }

  private letGo(): void {
    for (const operation of this.operations) operation.cancel();
    this.operations.clear();
    this.waiting = undefined;
    this.token = undefined;
    this.channel?.close();
    this.channel = this.clients = undefined;
  }

  private begin(operation: Operation): void {
    const { token } = this;
    const metadata = token === undefined ? {} : { token };
    operation.begin(this.connected(), { deadlineMs: REQUEST_TIMEOUT_MS, metadata });
  }

  private connected(): EtcdClients {
    if (this.clients !== undefined) return this.clients;
    const { engine, reporter } = this;
    const { credentials } = this.settings;
    const channel = this.channel = new Channel(this.endpoint, {
      poller: engine,
      features: [callObservers, frameTraces, keepalive, knownChannels, sharedConnections],
      holdsProcess: false,
      handshakeTimeoutMs: REQUEST_TIMEOUT_MS,
      keepalive: KEEPALIVE,
      onError: (error, context) => reporter.report(error, context),
      logger: loggerOf(reporter),
      ...(credentials === undefined ? {} : { credentials }),
    });
    this.hasOpened = true;
    const context = callContext("call etcd", channel);
    const { KV, Watch, Lease, Auth } = etcdServices;
    return this.clients = {
      KV: reactorMethods(KV, context),
      Watch: reactorMethods(Watch, context),
      Lease: reactorMethods(Lease, context),
      Auth: reactorMethods(Auth, context),
    };
  }

  private awaitToken(operation: Operation): void {
    if (this.waiting !== undefined) return void this.waiting.add(operation);
    const { Auth } = this.connected();
    const waiting = this.waiting = new Set([operation]);
    const { name, password } = this.settings.user!;
    Auth.authenticate({ name, password }, (status, response) => {
      if (this.waiting !== waiting) return; // it was let go
      this.waiting = undefined;
      if (!status.ok) {
        for (const one of waiting) {
          this.ended(one);
          one.refused(status);
        }
        return;
      }
      this.token = response!.token ?? "";
      for (const one of waiting) this.begin(one);
    }, { deadlineMs: REQUEST_TIMEOUT_MS });
  }
}

function loggerOf(reporter: Reporter): Logger {
  return {
    error: (message, ...details) => reporter.log("error", message, ...details),
    warn: (message, ...details) => reporter.log("warn", message, ...details),
    info: (message, ...details) => reporter.log("info", message, ...details),
    debug: (message, ...details) => reporter.log("debug", message, ...details),
  };
}
