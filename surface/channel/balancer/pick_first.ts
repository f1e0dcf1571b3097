// pick_first (gRFC A61): the first address whose connection comes up takes all calls.
//
// A pass tries the addresses one after another, and attempts may overlap: an address that does not answer must not keep
// the others waiting. The next attempt begins when the one before it failed, or after CONNECTION_ATTEMPT_DELAY_MS without
// a result; the first connection that is READY is taken and the other attempts are given up (RFC 8305, section 5). When
// a pass has failed, the policy is in TRANSIENT_FAILURE until there is a connection, and each address is tried again when
// its own backoff is over. When a connection is lost, the policy is IDLE: the next call begins a pass.

import { formatAddress, type TaskHandle } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import { FixedPicker, IdlePicker, type Picker, PickFailure, QUEUE, QUEUE_PICKER } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import { wrongValue } from "../service_config/json_field.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";
import { byStanding, interleaved, shuffled } from "./address_order.ts";
import type { Balancer, BalancerHelper, BalancingPolicy } from "./balancer.ts";
import { failuresOf } from "./failures.ts";

/** How long an attempt has before the next address is tried beside it (RFC 8305, section 8; gRFC A61). */
const CONNECTION_ATTEMPT_DELAY_MS = 250;

/** What is said of it. */
export interface PickFirstConfig {
  /** Servers are tried in an order of this client's own, not in that of the list: clients spread (gRFC A62). */
  readonly shuffles: boolean;
}

/** Reads `{ shuffleAddressList }`. */
function readPickFirstConfig(json: object): PickFirstConfig {
  const { shuffleAddressList: shuffles } = json as { readonly shuffleAddressList?: unknown };
  if (typeof (shuffles ?? false) === "boolean") return { shuffles: shuffles === true };
  throw wrongValue("shuffleAddressList", shuffles, "give true or false");
}

/** One connection, to whichever address comes up first. */
export class PickFirst implements Balancer<PickFirstConfig>, SubchannelWatcher {
  private readonly idlePicker = new IdlePicker(() => this.helper.run(() => this.exitIdle()));
  private state: ConnectivityState = "IDLE";
  private started = false;
  private closed = false;
  /** By address, in the order of the list. */
  private subchannels = new Map<string, Subchannel>();
  private selected: Subchannel | undefined = undefined;
  /** What the present pass has not tried yet; undefined between passes. */
  private untried: Subchannel[] | undefined = undefined;
  /** Attempts of the present pass that have no result. */
  private readonly attempting = new Set<Subchannel>();
  private delay: TaskHandle | undefined = undefined;
  /** Since the last pass. */
  private failures = 0;

  /**
   * `heedsHealth`: of several policies of which each has one server, for a server that should not get calls; one alone has
   * no other server for them (gRFC A61).
   */
  constructor(private readonly helper: BalancerHelper, private readonly heedsHealth: boolean = false) {}

  update(endpoints: readonly EndpointAddresses[], config?: PickFirstConfig): void {
    const before = this.subchannels;
    this.subchannels = new Map();
    const { engine } = this.helper;
    const ordered = config?.shuffles ? shuffled(endpoints, () => engine.random()) : endpoints;
    for (const address of interleaved(ordered.flatMap(({ addresses }) => addresses))) {
      const name = formatAddress(address);
      this.subchannels.set(name, before.get(name) ?? this.helper.createSubchannel(address, this));
      before.delete(name);
    }
    for (const gone of before.values()) this.drop(gone);
    if (this.subchannels.size === 0) return this.nobody();
    if (this.selected !== undefined || (this.started && this.state === "IDLE")) return;
    this.started = true;
    this.startPass();
  }

  exitIdle(): void {
    if (this.state === "IDLE" && this.subchannels.size > 0 && !this.closed) this.startPass();
  }

  resetBackoff(): void {
    for (const subchannel of this.subchannels.values()) subchannel.resetBackoff();
  }

  close(): void {
    this.closed = true;
    this.endPass();
    for (const subchannel of this.subchannels.values()) subchannel.drain("not needed");
  }

  /** From a subchannel. */
  onSubchannelState(subchannel: Subchannel, state: ConnectivityState): void {
    this.helper.run(() => {
      if (!this.closed && this.isOurs(subchannel)) this.changed(subchannel, state);
    });
  }

  /** From a subchannel. */
  onSubchannelHealth(subchannel: Subchannel): void {
    this.helper.run(() => {
      if (!this.closed && subchannel === this.selected) this.publishSelected(subchannel);
    });
  }

  /** From a subchannel: the channel begins anew. */
  onSubchannelThrew(error: unknown): void {
    this.helper.run(() => {
      throw error;
    });
  }

  private isOurs(subchannel: Subchannel): boolean {
    return this.subchannels.get(formatAddress(subchannel.address)) === subchannel;
  }

  private changed(subchannel: Subchannel, state: ConnectivityState): void {
    if (subchannel === this.selected) {
      if (state !== "READY") this.lost();
    } else if (this.selected !== undefined) return; // it was given up, and this came before that
    else if (state === "READY") this.select(subchannel);
    else if (this.state !== "IDLE") {
      if (this.untried !== undefined) this.changedInPass(subchannel, state);
      else if (state === "IDLE") subchannel.connect();
      else if (state === "TRANSIENT_FAILURE") this.failedAgain();
    }
  }

  private changedInPass(subchannel: Subchannel, state: ConnectivityState): void {
    if (state !== "CONNECTING" && this.attempting.delete(subchannel)) this.tryNext();
  }

  private startPass(): void {
    this.endPass();
    this.failures = 0;
    this.untried = byStanding([...this.subchannels.values()]);
    for (const subchannel of this.untried) {
      if (subchannel.state === "READY") return this.select(subchannel);
    }
    // Also where every address is in backoff, and the pass has failed as it begins: IDLE is not followed by a failure.
    if (this.state !== "TRANSIENT_FAILURE") this.publish("CONNECTING", QUEUE_PICKER);
    this.tryNext();
  }

  private tryNext(): void {
    this.cancelDelay();
    for (let next; (next = this.untried!.shift()) !== undefined;) {
      if (next.state === "TRANSIENT_FAILURE") continue; // its backoff is not over
      this.attempting.add(next);
      next.connect();
      if (this.untried!.length === 0) return;
      const { engine } = this.helper;
      this.delay = engine.runAt(engine.now() + CONNECTION_ATTEMPT_DELAY_MS, () => {
        this.delay = undefined;
        this.helper.run(() => this.untried !== undefined && this.tryNext());
      });
      return;
    }
    if (this.attempting.size === 0) this.passFailed();
  }

  /** No address has a connection: from now on each is tried whenever its own backoff is over. */
  private passFailed(): void {
    this.endPass();
    this.publishFailure();
    this.helper.requestReresolution();
    for (const subchannel of this.subchannels.values()) subchannel.connect();
  }

  private failedAgain(): void {
    if (++this.failures % this.subchannels.size === 0) this.helper.requestReresolution();
    this.publishFailure();
  }

  private select(subchannel: Subchannel): void {
    this.endPass();
    this.selected = subchannel;
    for (const other of this.subchannels.values()) if (other !== subchannel) other.giveUp();
    this.publishSelected(subchannel);
  }

  /** The connection takes calls, unless something is known against it: then it only stays. */
  private publishSelected(subchannel: Subchannel): void {
    const health = this.heedsHealth ? this.helper.healthOf(subchannel) : "SERVING";
    if (health === "SERVING") this.publish("READY", new FixedPicker(this.helper.pickOf(subchannel)));
    else if (health === QUEUE) this.publish("CONNECTING", QUEUE_PICKER);
    else this.publish("TRANSIENT_FAILURE", new FixedPicker(health));
  }

  private lost(): void {
    this.selected = undefined;
    this.publish("IDLE", this.idlePicker);
    this.helper.requestReresolution();
  }

  private drop(subchannel: Subchannel): void {
    this.attempting.delete(subchannel);
    subchannel.drain("its address is not in the list any more");
    if (subchannel === this.selected) this.selected = undefined;
  }

  private nobody(): void {
    this.endPass();
    this.publish("TRANSIENT_FAILURE", new FixedPicker(new PickFailure("the name has no address")));
    this.helper.requestReresolution();
  }

  private endPass(): void {
    this.cancelDelay();
    this.attempting.clear();
    this.untried = undefined;
  }

  private cancelDelay(): void {
    if (this.delay !== undefined) this.helper.engine.cancel(this.delay);
    this.delay = undefined;
  }

  /** Why is put into words where a call fails by it: of thousands of addresses each failure publishes. */
  private publishFailure(): void {
    const { subchannels } = this;
    const why = (): string => failuresOf(subchannels.values(), "\n");
    this.publish("TRANSIENT_FAILURE", new FixedPicker(new PickFailure(why)));
  }

  private publish(state: ConnectivityState, picker: Picker): void {
    this.state = state;
    this.helper.updateState(state, picker);
  }
}

/** The default: all calls go to the first server that can be connected to. */
export const PICK_FIRST: BalancingPolicy<PickFirstConfig> = {
  name: "pick_first",
  readConfig: readPickFirstConfig,
  make: (helper) => new PickFirst(helper),
};
