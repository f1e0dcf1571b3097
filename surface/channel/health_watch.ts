// The health of a server as one of its connections says it, for the channel's policies (gRFC A17).
//
// While a connection is READY and a policy asks for its health, a Watch call runs on it. SERVING is the only answer with
// which calls may take the connection. A server without the health service is taken for healthy. A call that ends for
// another reason is made again by a backoff, which any answer resets.

import { type EventEngine, formatAddress, messageOf, type TaskHandle } from "../../pollers/mod.ts";
import { CallObservers } from "../call/call_observer.ts";
import { type CallStatus, describeStatus } from "../call/call_status.ts";
import { Status } from "../call/status.ts";
import { NO_OPTIONS } from "../client/call_options.ts";
import type { CallContext } from "../client/call_context.ts";
import type { CallRoute, PendingCall } from "../client/call_route.ts";
import { TypedClientCall } from "../client/typed_call.ts";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  healthService,
} from "../services/health_service.ts";
import type { Backoff } from "./backoff.ts";
import type { ConnectivityState } from "./connectivity.ts";
import type { HealthWatcher } from "./health_checker.ts";
import { type Health, PickFailure, QUEUE } from "./picker.ts";
import type { Subchannel, SubchannelWatcher } from "./subchannel.ts";

const NOT_USED = "the connection is not used any more";

/** What the watches of one channel have in common. */
export interface HealthSettings {
  readonly engine: EventEngine;
  /** The service whose health is asked for; undefined: none is. */
  readonly service: string | undefined;
  /** What calls of the channel need. */
  readonly context: CallContext;
  /** Waits between watches that end. */
  makeBackoff(): Backoff;
  /** A server has no health service. */
  onUnimplemented(address: string): void;
}

/** The health of one subchannel. To it this is the watcher, and passes its states on. */
export class HealthWatch implements HealthWatcher {
  private health: Health = QUEUE;
  private call: WatchCall | undefined = undefined;
  private subchannel: Subchannel | undefined = undefined;
  private backoff: Backoff | undefined = undefined;
  private startedAt = 0;
  private retry: TaskHandle | undefined = undefined;
  /** See {@linkcode SubchannelWatcher}. */
  awaitsHealth = false;

  constructor(private readonly settings: HealthSettings, private readonly watcher: SubchannelWatcher) {}

  /** What is known of `subchannel`, which is READY. From now on it is watched. */
  of(subchannel: Subchannel): Health {
    const isKnown = this.subchannel !== undefined;
    this.subchannel = subchannel;
    if (this.settings.service === undefined) return "SERVING";
    if (!isKnown) {
      this.backoff = this.settings.makeBackoff();
      this.awaitsHealth = true;
      this.watch(subchannel);
    }
    return this.health;
  }

  /** The channel asks for another service's health, or for none. */
  restart(): void {
    const { subchannel } = this;
    if (subchannel === undefined) return;
    this.stop();
    this.watcher.onSubchannelHealth(subchannel);
  }

  // From the subchannel.

  onSubchannelState(subchannel: Subchannel, state: ConnectivityState): void {
    if (state !== "READY") this.stop();
    this.watcher.onSubchannelState(subchannel, state);
  }
  onSubchannelHealth(subchannel: Subchannel): void {
    this.watcher.onSubchannelHealth(subchannel);
  }
  onSubchannelMoved(subchannel: Subchannel): void {
    const { call } = this;
    if (call !== undefined) this.watch(subchannel); // what is known stays until the next answer
    call?.cancel(Status.CANCELLED, NOT_USED, "library");
    this.watcher.onSubchannelMoved?.(subchannel);
  }
  onSubchannelThrew(error: unknown): void {
    this.watcher.onSubchannelThrew(error);
  }

  // From the call.

  /** The server says how it is. */
  onStatus(status: string): void {
    this.backoff!.reset();
    this.awaitsHealth = false;
    this.become(status === "SERVING" ? "SERVING" : this.failure(`is ${status}`));
  }

  /** The call is over. */
  onEnd(call: WatchCall, status: CallStatus): void {
    const { subchannel, settings: { engine } } = this;
    if (call !== this.call || subchannel === undefined) return;
    this.call = undefined;
    if (status.code === Status.UNIMPLEMENTED) {
      this.settings.onUnimplemented(formatAddress(subchannel.address));
      this.awaitsHealth = false;
      return this.become("SERVING");
    }
    const retryAt = Math.max(engine.now(), this.startedAt + this.backoff!.next());
    this.retry = engine.runAt(retryAt, () => {
      this.retry = undefined;
      this.watch(subchannel);
    });
    this.become(this.failure(`cannot be watched: ${describeStatus(status)}`));
  }

  private watch(subchannel: Subchannel): void {
    const { engine, context, service = "" } = this.settings;
    this.startedAt = engine.now();
    this.call = new WatchCall(context, subchannel, service, this);
    this.call.start();
  }

  private stop(): void {
    const { call, retry } = this;
    this.health = QUEUE;
    this.awaitsHealth = false;
    this.call = this.subchannel = this.retry = undefined;
    if (retry !== undefined) this.settings.engine.cancel(retry);
    call?.cancel(Status.CANCELLED, NOT_USED, "library");
  }

  private failure(what: string): PickFailure {
    const { service = "" } = this.settings;
    const whose = service === "" ? "the server" : `service ${service}`;
    return new PickFailure(`${formatAddress(this.subchannel!.address)}: the health of ${whose} ${what}`);
  }

  private become(health: Health): void {
    this.health = health;
    this.watcher.onSubchannelHealth(this.subchannel!);
  }
}

/** The way of a watch call: the one connection. It keeps neither the process nor the channel. */
class WatchRoute implements CallRoute {
  readonly throttle = undefined;
  private readonly paused = new Set<PendingCall>();

  constructor(private readonly subchannel: Subchannel) {}

  callBegan(): void {}
  callEnded(): void {}
  submit(call: PendingCall): void {
    if (this.subchannel.state === "READY") this.subchannel.submit(call);
    else call.onUnavailable("the connection is not READY any more", true);
  }
  pause(call: PendingCall): void {
    this.paused.add(call);
    call.waitsIn = this.paused;
  }
  withdraw(call: PendingCall): void {
    call.waitsIn?.delete(call);
    call.waitsIn = undefined;
  }
  describeWait(): string {
    return `waiting for a stream to ${formatAddress(this.subchannel.address)}`;
  }
}

/** `Watch` of gRPC's health service. */
class WatchCall extends TypedClientCall<HealthCheckRequest, HealthCheckResponse> {
  private readonly owner: HealthWatch;

  constructor(context: CallContext, subchannel: Subchannel, service: string, owner: HealthWatch) {
    const { watch } = healthService().methods;
    const own = { ...context, route: new WatchRoute(subchannel), observers: new CallObservers() };
    super(own, context.template(watch.path), watch, false, { service }, NO_OPTIONS);
    this.owner = owner;
  }

  /** It is none of the application's calls. */
  get isInternal(): boolean {
    return true;
  }

  protected override onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    this.release(wireBytes);
    try {
      this.owner.onStatus(String(this.decode(bytes).status));
    } catch (error) {
      this.cancel(Status.INTERNAL, messageOf(error), "library", error);
    }
  }

  protected override onEnd(status: CallStatus): void {
    this.owner.onEnd(this, status);
  }
}
