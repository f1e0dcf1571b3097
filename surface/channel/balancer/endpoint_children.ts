// Policies with a child for each server: what round_robin and its relatives share (gRFC A61, A48).
//
// A child is a pick_first over the addresses of one server. The whole is READY while any child is, else CONNECTING while
// any child connects or is IDLE, else in TRANSIENT_FAILURE: a child that failed counts as failed until it is READY.

import { type EventEngine, formatAddress, type SocketAddress } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import { FixedPicker, type Picked, type Picker, PickFailure, QUEUE_PICKER } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";
import type { Balancer, BalancerHelper } from "./balancer.ts";
import { PickFirst } from "./pick_first.ts";

/** The pick_first of one server, and what it published last. */
export class EndpointChild implements BalancerHelper {
  state: ConnectivityState = "CONNECTING";
  picker: Picker = QUEUE_PICKER;
  readonly balancer: PickFirst = new PickFirst(this);

  constructor(private readonly owner: EndpointChildren, private readonly helper: BalancerHelper) {}

  get engine(): EventEngine {
    return this.helper.engine;
  }
  createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    return this.helper.createSubchannel(address, watcher);
  }
  pickOf(subchannel: Subchannel): Picked {
    return this.helper.pickOf(subchannel);
  }
  updateState(state: ConnectivityState, picker: Picker): void {
    this.state = state;
    this.picker = picker;
    this.owner.childChanged(this);
  }
  requestReresolution(): void {
    this.helper.requestReresolution();
  }
  run(closure: () => void): void {
    this.helper.run(closure);
  }
}

/** Makes children of the servers, and one state of theirs. */
export abstract class EndpointChildren implements Balancer {
  private children = new Map<string, EndpointChild>();
  /** Its list is being taken, or it is closed: nothing is published. */
  private silent = false;
  /** The one that failed last says why, where all have failed. */
  private failed: Picker = new FixedPicker(new PickFailure("the name has no address"));

  constructor(protected readonly helper: BalancerHelper) {}

  /** Chooses among servers that can take a call: `ready` has one or more, without repetition. */
  protected abstract pickerOf(ready: readonly EndpointChild[]): Picker;

  update(endpoints: readonly EndpointAddresses[]): void {
    const before = this.children;
    this.children = new Map();
    this.silent = true;
    for (const endpoint of endpoints) {
      const name = nameOf(endpoint);
      if (this.children.has(name)) continue;
      const child = before.get(name) ?? new EndpointChild(this, this.helper);
      before.delete(name);
      this.children.set(name, child);
      child.balancer.update([endpoint]);
    }
    for (const gone of before.values()) gone.balancer.close();
    this.silent = false;
    if (this.children.size === 0) this.helper.requestReresolution();
    this.publish();
  }

  exitIdle(): void {
    for (const { balancer } of this.children.values()) balancer.exitIdle();
  }

  resetBackoff(): void {
    for (const { balancer } of this.children.values()) balancer.resetBackoff();
  }

  close(): void {
    this.silent = true;
    for (const { balancer } of this.children.values()) balancer.close();
  }

  /** From a child: it has published something. */
  childChanged(child: EndpointChild): void {
    if (child.state === "TRANSIENT_FAILURE") this.failed = child.picker;
    if (child.state === "IDLE") this.helper.run(() => this.reconnect(child));
    if (!this.silent) this.publish();
  }

  /** Every server is connected to at all times. */
  private reconnect(child: EndpointChild): void {
    if (!this.silent) child.balancer.exitIdle();
  }

  private publish(): void {
    const children = [...this.children.values()];
    const ready = children.filter(({ state }) => state === "READY");
    if (ready.length > 0) this.helper.updateState("READY", this.pickerOf(ready));
    else if (children.some(({ state }) => state !== "TRANSIENT_FAILURE")) {
      this.helper.updateState("CONNECTING", QUEUE_PICKER);
    } else this.helper.updateState("TRANSIENT_FAILURE", this.failed);
  }
}

/** Two servers with the same addresses are one. */
function nameOf({ addresses }: EndpointAddresses): string {
  return addresses.map(formatAddress).sort().join(" ");
}
