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

/** There is no server. */
export const NOBODY: Picker = new FixedPicker(new PickFailure("the name has no address"));

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
  /** How many of them are in each state: thousands are not counted anew for each state of one of them. */
  protected counts: Record<ConnectivityState, number> = noCounts();
  /** A picker is to be published that knows which of them are READY now. */
  private isDue = false;
  /** That is done at the end of this turn. */
  private isPaced = false;
  /** Its list is being taken, or it is closed: nothing is published. */
  private silent = false;
  /** The one that failed last says why, where all have failed. */
  private failed: Picker = NOBODY;
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
    this.counts = noCounts();
    for (const { state } of this.listed) this.counts[state]++;
    this.silent = false;
    if (this.children.size === 0) {
      this.failed = NOBODY;
      this.helper.requestReresolution();
    }
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
    this.counts[before]--;
    this.counts[state]++;
    const { READY: ready } = this.counts;
    if (this.lazy || ready === 0 || (ready === 1 && state === "READY")) this.publish();
    else if (before === "READY" || state === "READY") this.readyBeside(before === "READY");
  }

  /**
   * A server became READY beside others, or is READY no more. The first that is lost is published at once, and whatever
   * follows in this turn at its end: calls go to the others until then, and those that pick a lost one wait for it. A picker
   * for each of thousands would take the square of their time.
   */
  private readyBeside(isLost: boolean): void {
    if (isLost && !this.isPaced) this.publish();
    else this.isDue = true;
    if (this.isPaced) return;
    this.isPaced = true;
    this.helper.engine.run(() =>
      this.helper.run(() => {
        this.isPaced = false;
        if (this.isDue && !this.silent) this.publish();
      })
    );
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
    if (this.counts.READY > 0) {
      this.helper.updateState("READY", this.pickerOf(children.filter(({ state }) => state === "READY")));
    } else if (this.counts.TRANSIENT_FAILURE < children.length) {
      this.helper.updateState("CONNECTING", QUEUE_PICKER);
    } else this.helper.updateState("TRANSIENT_FAILURE", this.failed);
  }

  private publish(): void {
    this.isDue = false;
    this.aggregate(this.listed);
  }
}

function noCounts(): Record<ConnectivityState, number> {
  return { IDLE: 0, CONNECTING: 0, READY: 0, TRANSIENT_FAILURE: 0, SHUTDOWN: 0 };
}
