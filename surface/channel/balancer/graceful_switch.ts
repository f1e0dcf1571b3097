// Replaces a policy by another one without a break (gRPC's graceful switch).
//
// The new policy connects beside the old one, which takes the calls meanwhile. It takes over when it is not CONNECTING any
// more, whatever came of that, or when the old one is not READY any more.

import { callApplication } from "../../../pollers/mod.ts";
import type { ConnectivityState } from "../connectivity.ts";
import type { Picker } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import type { Balancer, BalancerHelper, BalancingPolicy, ConfiguredPolicy } from "./balancer.ts";
import { ChildHelper } from "./child_helper.ts";

/** A balancer, and what it published last. */
class Child extends ChildHelper {
  readonly balancer: Balancer;
  state: ConnectivityState = "CONNECTING";
  picker: Picker | undefined = undefined;

  constructor(
    readonly policy: BalancingPolicy,
    private readonly owner: GracefulSwitch,
    helper: BalancerHelper,
  ) {
    super(helper);
    this.balancer = policy.make(this);
  }

  updateState(state: ConnectivityState, picker: Picker): void {
    this.state = state;
    this.picker = picker;
    this.owner.childChanged(this);
  }
  override requestReresolution(): void {
    if (this.owner.latest === this) super.requestReresolution();
  }
}

/** See the head of this file. */
export class GracefulSwitch implements Balancer<ConfiguredPolicy> {
  /** Takes the calls. */
  private serving: Child | undefined = undefined;
  /** Is to take them. */
  private next: Child | undefined = undefined;
  private closed = false;

  constructor(private readonly helper: BalancerHelper) {}

  /** The one that lists of servers are given to. */
  get latest(): Child | undefined {
    return this.next ?? this.serving;
  }

  update(endpoints: readonly EndpointAddresses[], { policy, config }: ConfiguredPolicy): void {
    if (this.latest?.policy !== policy) this.begin(policy);
    this.latest!.balancer.update(endpoints, config);
  }

  exitIdle(): void {
    this.latest?.balancer.exitIdle();
  }

  resetBackoff(): void {
    this.latest?.balancer.resetBackoff();
  }

  close(): void {
    this.closed = true;
    for (const child of [this.next, this.serving]) { // either may be the application's, and throw
      callApplication(() => child?.balancer.close(), (error) => this.helper.reportError(error));
    }
  }

  /** From a child: it has published something. */
  childChanged(child: Child): void {
    if (this.closed) return;
    const { serving, next } = this;
    if (child === serving) {
      if (next?.picker !== undefined && child.state !== "READY") this.takeOver(next);
      else this.helper.updateState(child.state, child.picker!);
    } else if (child === next) {
      if (child.state !== "CONNECTING" || serving!.state !== "READY") this.takeOver(child);
    }
  }

  private begin(policy: BalancingPolicy): void {
    const dropped = this.next;
    const child = new Child(policy, this, this.helper);
    if (this.serving === undefined) this.serving = child;
    else this.next = child;
    dropped?.balancer.close();
    if (child.picker !== undefined) this.childChanged(child); // a policy may publish while it is made
  }

  private takeOver(next: Child): void {
    const old = this.serving!;
    this.serving = next;
    this.next = undefined;
    this.helper.updateState(next.state, next.picker!); // first: calls that wait in the old one's connections pick again
    old.balancer.close();
  }
}
