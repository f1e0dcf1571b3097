// Policies with a child for each server: what round_robin and its relatives share (gRFC A61, A48).
//
// A child is a pick_first over the addresses of one server. The whole is READY while any child is, else CONNECTING while
// any child connects or is IDLE, else in TRANSIENT_FAILURE: a child that failed counts as failed until it is READY.

import type { SocketAddress } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import { FixedPicker, type Picked, type Picker, PickFailure, QUEUE_PICKER } from "../picker.ts";
import { type EndpointAddresses, serverName } from "../resolver/endpoint.ts";
import type { Subchannel, SubchannelWatcher } from "../subchannel.ts";
import type { Balancer, BalancerHelper } from "./balancer.ts";
import { ChildHelper } from "./child_helper.ts";
import { PickFirst } from "./pick_first.ts";

/** The pick_first of one server, and what it published last. */
export class EndpointChild extends ChildHelper {
  state: ConnectivityState = "IDLE";
  picker: Picker = QUEUE_PICKER;
  private readonly balancer: PickFirst = new PickFirst(this, true);
  private started = false;

  /** Nothing is connected before `connect`. */
  constructor(
    private readonly owner: EndpointChildren,
    helper: BalancerHelper,
    private server: EndpointAddresses,
  ) {
    super(helper);
  }

  /** The server, as the resolver knows it. */
  get endpoint(): EndpointAddresses {
    return this.server;
  }

  /** The server is still in the list, perhaps with other attributes. */
  update(endpoint: EndpointAddresses): void {
    this.server = endpoint;
    if (this.started) this.balancer.update([endpoint]);
  }

  /** Connects, where it is IDLE. */
  connect(): void {
    if (this.started) return this.balancer.exitIdle();
    this.started = true;
    this.balancer.update([this.server]);
  }

  resetBackoff(): void {
    this.balancer.resetBackoff();
  }

  close(): void {
    this.balancer.close();
  }

  // What its pick_first calls.

  override createSubchannel(address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    return this.owner.createSubchannel(this, address, watcher);
  }
  override pickOf(subchannel: Subchannel): Picked {
    return this.owner.pickOf(this, subchannel);
  }
  updateState(state: ConnectivityState, picker: Picker): void {
    const before = this.state;
    this.state = state;
    this.picker = picker;
    this.owner.childChanged(this, before);
  }
}

/** Makes children of the servers, and one state of theirs. */
export abstract class EndpointChildren<Config = unknown> implements Balancer<Config> {
  private children = new Map<string, EndpointChild>();
  /** The same, as `aggregate` gets them: thousands are not copied for each state of one of them. */
  private listed: readonly EndpointChild[] = [];
  private readyCount = 0;
  private failedCount = 0;
  /** A picker with those that became READY beside others is published soon. */
  private isDue = false;
  /** Its list is being taken, or it is closed: nothing is published. */
  private silent = false;
  /** The one that failed last says why, where all have failed. */
  private failed: Picker = new FixedPicker(new PickFailure("the name has no address"));
  /** Servers are connected to when a call wants them, and not at all times. */
  protected readonly lazy: boolean = false;

  constructor(protected readonly helper: BalancerHelper) {}

  /** Chooses among servers that can take a call: `ready` has one or more, without repetition. */
  protected abstract pickerOf(ready: readonly EndpointChild[]): Picker;

  update(endpoints: readonly EndpointAddresses[], _config: Config): void {
    const before = this.children;
    this.children = new Map();
    this.silent = true;
    for (const endpoint of endpoints) {
      const name = serverName(endpoint);
      if (this.children.has(name)) continue;
      const child = before.get(name) ?? new EndpointChild(this, this.helper, endpoint);
      before.delete(name);
      this.children.set(name, child);
      child.update(endpoint);
      if (!this.lazy) child.connect();
    }
    for (const gone of before.values()) gone.close();
    this.listed = [...this.children.values()];
    this.onChildren(this.listed);
    this.readyCount = this.failedCount = 0;
    for (const { state } of this.listed) this.count(state, 1);
    this.silent = false;
    if (this.children.size === 0) this.helper.requestReresolution();
    this.publish();
  }

  exitIdle(): void {
    for (const child of this.children.values()) child.connect();
  }

  resetBackoff(): void {
    for (const child of this.children.values()) child.resetBackoff();
  }

  close(): void {
    this.silent = true;
    for (const child of this.children.values()) child.close();
  }

  /** From a child: a connection, not begun. */
  createSubchannel(_child: EndpointChild, address: SocketAddress, watcher: SubchannelWatcher): Subchannel {
    return this.helper.createSubchannel(address, watcher);
  }

  /** From a child: what picks of its connection are to give. */
  pickOf(_child: EndpointChild, subchannel: Subchannel): Picked {
    return this.helper.pickOf(subchannel);
  }

  /** From a child: it has published something, and was `before`. */
  childChanged(child: EndpointChild, before: ConnectivityState): void {
    const { state } = child;
    if (state === "TRANSIENT_FAILURE") this.failed = child.picker;
    if (state === "IDLE" && !this.lazy) this.connectLater(child);
    if (this.silent) return;
    this.count(before, -1);
    this.count(state, 1);
    if (this.lazy || before === "READY" || this.readyCount === 0) this.publish();
    else if (state === "READY") this.readyBeside();
  }

  /**
   * A server became READY. The first is published at once, as one that is READY no more is. Where there are others, calls go
   * to those until the next turn: a picker for each of thousands would take the square of their time.
   */
  private readyBeside(): void {
    if (this.readyCount === 1) return this.publish();
    if (this.isDue) return;
    this.isDue = true;
    this.helper.engine.run(() =>
      this.helper.run(() => {
        if (this.isDue && !this.silent) this.publish();
      })
    );
  }

  private count(state: ConnectivityState, change: 1 | -1): void {
    if (state === "READY") this.readyCount += change;
    else if (state === "TRANSIENT_FAILURE") this.failedCount += change;
  }

  /** Connects `child`, on nobody's stack. */
  protected connectLater(child: EndpointChild): void {
    this.helper.run(() => {
      if (!this.silent) child.connect();
    });
  }

  /** The servers that there are now; afterwards it publishes what it has of them. */
  protected onChildren(_children: readonly EndpointChild[]): void {}

  /** Publishes one state of all; `children` may be none. */
  protected aggregate(children: readonly EndpointChild[]): void {
    if (this.readyCount > 0) {
      this.helper.updateState("READY", this.pickerOf(children.filter(({ state }) => state === "READY")));
    } else if (this.failedCount < children.length) this.helper.updateState("CONNECTING", QUEUE_PICKER);
    else this.helper.updateState("TRANSIENT_FAILURE", this.failed);
  }

  private publish(): void {
    this.isDue = false;
    this.aggregate(this.listed);
  }
}
