// least_request: a call goes to the one with the fewest calls under way of a few servers that are chosen at random
// (gRFC A48).

import type { PendingCall } from "../../client/call_route.ts";
import type { CallTracker } from "../call_tracker.ts";
import { type Picked, type Picker, type PickResult, tracked } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import { JsonField } from "../service_config/json_field.ts";
import type { Subchannel } from "../subchannel.ts";
import type { BalancingPolicy } from "./balancer.ts";
import { type EndpointChild, EndpointChildren } from "./endpoint_children.ts";

/** More choices mean as many: beyond them hardly a better one is found (gRFC A48). */
const MOST_CHOICES = 10;

/** Outcomes that may have been drawn of one random number before another choice: what is left of its 2 ** 52 stays even. */
const MOST_DRAWN = 2 ** 20;

/** What a service config says of least_request. */
export interface LeastRequestConfig {
  /** Servers that are looked at for each call: 2 to 10. */
  readonly choiceCount: number;
}

function readConfig(json: Readonly<Record<string, unknown>>): LeastRequestConfig {
  const choiceCount = new JsonField("", json).get("choiceCount").optional((field) => field.integer(2)) ?? 2;
  return { choiceCount: Math.min(choiceCount, MOST_CHOICES) };
}

/** Counts the calls under way at one server. */
class ActiveCalls implements CallTracker {
  count = 0;

  callStarted(): void {
    this.count++;
  }
  callEnded(): void {
    this.count--;
  }
  callLeft(): void {
    this.count--;
  }
}

/** Connects to every server, and stays connected. */
class LeastRequest extends EndpointChildren<LeastRequestConfig> {
  private choiceCount = 0;
  private readonly active = new WeakMap<EndpointChild, ActiveCalls>();

  override update(endpoints: readonly EndpointAddresses[], config: LeastRequestConfig): void {
    this.choiceCount = config.choiceCount;
    super.update(endpoints, config);
  }

  override pickOf(child: EndpointChild, subchannel: Subchannel): Picked {
    return tracked(super.pickOf(child, subchannel), this.activeOf(child));
  }

  protected override pickerOf(ready: readonly EndpointChild[]): Picker {
    const pickers = ready.map(({ picker }) => picker);
    return new LeastPicker(
      pickers,
      ready.map((child) => this.activeOf(child)),
      this.choiceCount,
      this.helper.engine,
    );
  }

  /** A new connection to a server, and a new picker, go on with the count that there is. */
  private activeOf(child: EndpointChild): ActiveCalls {
    let active = this.active.get(child);
    if (active === undefined) this.active.set(child, active = new ActiveCalls());
    return active;
  }
}

/** Of those that it chooses, the first one wins ties. */
class LeastPicker implements Picker {
  constructor(
    private readonly pickers: readonly Picker[],
    private readonly active: readonly ActiveCalls[],
    private readonly choiceCount: number,
    private readonly engine: { random(): number },
  ) {}

  pick(call: PendingCall): PickResult {
    const { pickers, active, choiceCount, engine } = this;
    const { length } = pickers;
    // One random number is good for several choices: what is behind the point is the next one.
    let random = engine.random() * length;
    let best = Math.floor(random);
    let drawn = length;
    for (let i = 1; i < choiceCount; i++) {
      random -= Math.floor(random);
      if (drawn > MOST_DRAWN) {
        random = engine.random();
        drawn = 1;
      }
      random *= length;
      drawn *= length;
      const other = Math.floor(random);
      if (active[other]!.count < active[best]!.count) best = other;
    }
    return pickers[best]!.pick(call);
  }
}

/** See the head of this file. */
export const LEAST_REQUEST: BalancingPolicy<LeastRequestConfig> = {
  name: "least_request",
  readConfig,
  make: (helper) => new LeastRequest(helper),
};
