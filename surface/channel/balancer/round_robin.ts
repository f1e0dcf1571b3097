// round_robin: calls go to all servers that can take them, in turn (gRPC's load-balancing.md, gRFC A61).

import type { PendingCall } from "../../client/call_route.ts";
import type { Picker, PickResult } from "../picker.ts";
import type { BalancingPolicy } from "./balancer.ts";
import { type EndpointChild, EndpointChildren } from "./endpoint_children.ts";

/** Connects to every server, and stays connected. */
class RoundRobin extends EndpointChildren {
  protected override pickerOf(ready: readonly EndpointChild[]): Picker {
    const start = Math.floor(this.helper.engine.random() * ready.length);
    return new TurnPicker(ready.map(({ picker }) => picker), start);
  }
}

/** Each in turn; clients begin at different ones, or the first server would have the first call of all of them. */
class TurnPicker implements Picker {
  constructor(private readonly pickers: readonly Picker[], private next: number) {}

  pick(call: PendingCall): PickResult {
    const { next } = this;
    this.next = next + 1 === this.pickers.length ? 0 : next + 1;
    return this.pickers[next]!.pick(call);
  }
}

/** Calls go to all servers in turn. */
export const ROUND_ROBIN: BalancingPolicy = {
  name: "round_robin",
  readConfig: () => undefined,
  make: (helper) => new RoundRobin(helper),
};
