// Balancing policies of applications: what they see of a channel, and how they are made to fit in.
//
// A policy of an application has no connections of its own. It has children, each a policy over some of the servers:
// "pick_first" over one server is a connection. It publishes a state and a picker, which is made of its children's.

import type { EventEngine } from "../../../pollers/mod.ts";
import { callApplication, describeThrown } from "../../../pollers/mod.ts";
import { describe } from "../../options.ts";
import { handled, isPromiseLike } from "../../promise_like.ts";
import type { ConnectivityState } from "../connectivity.ts";
import { isPicked, PickFailure, QUEUE } from "../picker.ts";
import type { Picker as InnerPicker, PickResult as InnerResult } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import type * as inner from "./balancer.ts";
import { ChildHelper } from "./child_helper.ts";
import { GracefulSwitch } from "./graceful_switch.ts";

/** A call that a picker chooses for. */
export interface PickedCall {
  /** "/package.Service/Method". */
  readonly path: string;
  /** Whether it waits where there is no connection, instead of failing. */
  readonly waitForReady: boolean;
  /** What it sends as metadata `name`, joined by commas; undefined where it sends nothing of the name. */
  metadataValue(name: string): string | undefined;
}

/** What a child's picker gave, {@linkcode pickLater}, or what {@linkcode pickFailure} made. */
export type PickResult = object | symbol;

/** Chooses for each call. It is called for every call, so what can be prepared is prepared before. */
export interface Picker {
  /**
   * Chooses for one attempt of `call`; again where what it chose turns out to be lost. A call for which it chooses what is
   * lost waits for the next picker.
   */
  pick(call: PickedCall): PickResult;
}

/** The call waits for the next picker. */
export const pickLater: PickResult = QUEUE;

/** There is no connection for the call: it fails with `reason`, or waits where it is waitForReady and not `drop`. */
export function pickFailure(reason: string, drop: boolean = false): PickResult {
  return new PickFailure(reason, drop);
}

/** A policy that a service config names, and what it says of it. */
export interface ChildPolicy {
  /** Which one. */
  readonly policy: { readonly name: string };
}

/** A child of a policy. */
export interface ChildBalancer {
  /** Its servers, and its policy: where that is another one than before it takes over when it is ready. */
  update(endpoints: readonly EndpointAddresses[], policy: ChildPolicy): void;
  /** Where it is IDLE it connects. */
  exitIdle(): void;
  /** Every wait after a failure is over now. */
  resetBackoff(): void;
  /** Ends it and its connections; once. */
  close(): void;
}

/** What a policy gets of its channel. */
export interface BalancerHelper {
  /** Has the time, timers and randomness. */
  readonly engine: EventEngine;
  /** Makes a child; `onState` receives each of its states, and the picker that counts from then on. */
  makeChild(onState: (state: ConnectivityState, picker: Picker) => void): ChildBalancer;
  /** Publishes the state of the whole, and what chooses for calls from now on. */
  updateState(state: ConnectivityState, picker: Picker): void;
  /** The servers may be out of date: a hint for the resolver. */
  requestReresolution(): void;
  /** Runs `closure` when no other control work of the channel runs: what timers call is given to it. */
  run(closure: () => void): void;
}

/** Balances the calls of one channel. What it throws fails the calls that wait, and the channel begins anew. */
export interface Balancer<Config = unknown> {
  /** The servers that there are now, and what is said of the policy. */
  update(endpoints: readonly EndpointAddresses[], config: Config): void;
  /** A call came while it is IDLE, or the application wants to connect: it connects. */
  exitIdle(): void;
  /** Every wait after a failure is over now. */
  resetBackoff(): void;
  /** Ends its children. */
  close(): void;
}

/** A kind of balancing, for `registerBalancer`. */
export interface BalancingPolicy<Config = unknown> {
  /** What service configs and the option `loadBalancing` call it. */
  readonly name: string;
  /**
   * Reads what a service config says of it, an object of JSON; it is empty where the option names the policy. It throws where
   * that cannot be used: a `ServiceConfigError` names the field. `readChild(json.childPolicy, "childPolicy")` reads a list
   * that names the policy of children, as `[{ round_robin: {} }]`.
   */
  readConfig(
    json: Readonly<Record<string, unknown>>,
    readChild: (list: unknown, path: string) => ChildPolicy,
  ): Config;
  /** Makes the balancer of one channel. */
  make(helper: BalancerHelper): Balancer<Config>;
}

/** `policy` as channels use it. */
export function fitted<Config>(policy: BalancingPolicy<Config>): inner.BalancingPolicy<Config> {
  return {
    name: policy.name,
    readConfig(json, readChild) {
      const config: unknown = policy.readConfig(json, readChild);
      if (!isPromiseLike(config)) return config as Config;
      handled(config); // that is what is wrong, whatever becomes of it
      throw new TypeError(`readConfig() of ${policy.name} is async; give a function that returns the config`);
    },
    make(helper) {
      const own = new Helper(policy.name, helper);
      const made: unknown = policy.make(own);
      if (typeof Object(made).update === "function") {
        return new FittedBalancer(made as Balancer<Config>, helper, own);
      }
      callApplication(() => made, (error) => helper.reportError(error)); // a promise, where it is async, may reject
      throw new TypeError(`make() of ${policy.name} returned ${describe(made)}; give a balancer`);
    },
  };
}

/** A balancer of an application: what a method rejects with that is async is as if it had thrown it. */
class FittedBalancer<Config> implements inner.Balancer<Config> {
  private closed = false;

  /** `helper`: the channel's, `own`: that of the balancer. */
  constructor(
    private readonly balancer: Balancer<Config>,
    private readonly helper: inner.BalancerHelper,
    private readonly own: Helper,
  ) {}

  update(endpoints: readonly EndpointAddresses[], config: Config): void {
    this.watch(this.balancer.update(endpoints, config));
  }
  exitIdle(): void {
    this.watch(this.balancer.exitIdle());
  }
  resetBackoff(): void {
    this.watch(this.balancer.resetBackoff());
  }
  close(): void {
    this.closed = true;
    try {
      this.watch(this.balancer.close());
    } finally {
      this.own.end();
    }
  }

  private watch(result: unknown): void {
    if (result !== undefined) callApplication(() => result, (error) => this.threw(error));
  }

  private threw(error: unknown): void {
    if (this.closed) return this.helper.reportError(error);
    this.helper.run(() => {
      throw error;
    });
  }
}

/** Throws TypeError for what is no policy. */
export function checkPolicy(cannot: string, policy: unknown): void {
  const { name, readConfig, make } = Object(policy) as Partial<BalancingPolicy>;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`${cannot}: its name is ${describe(name)}; give a string`);
  }
  for (const [method, given] of Object.entries({ readConfig, make })) {
    if (typeof given === "function") continue;
    throw new TypeError(`${cannot}: ${method} of ${name} is ${describe(given)}; give a function`);
  }
}

/** What an application's policy gets. Its children end with it, whether it ends them or not. */
class Helper implements BalancerHelper {
  private readonly children = new Set<ChildBalancer>();
  private isOver = false;

  constructor(private readonly name: string, private readonly helper: inner.BalancerHelper) {}

  get engine(): EventEngine {
    return this.helper.engine;
  }
  makeChild(onState: (state: ConnectivityState, picker: Picker) => void): ChildBalancer {
    const balancer = new GracefulSwitch(new OwnChildHelper(this.helper, onState));
    const { children } = this;
    const child: ChildBalancer = {
      update(endpoints, policy) {
        if (children.has(child)) balancer.update(endpoints, policy as inner.ConfiguredPolicy);
      },
      exitIdle() {
        if (children.has(child)) balancer.exitIdle();
      },
      resetBackoff: () => balancer.resetBackoff(),
      close() {
        if (children.delete(child)) balancer.close();
      },
    };
    if (!this.isOver) children.add(child);
    return child;
  }
  /** The policy was closed: none of its children connects any more. */
  end(): void {
    this.isOver = true;
    for (const child of this.children) child.close();
  }
  updateState(state: ConnectivityState, picker: Picker): void {
    this.helper.updateState(state, new CheckedPicker(this.name, picker));
  }
  requestReresolution(): void {
    this.helper.requestReresolution();
  }
  run(closure: () => void): void {
    this.helper.run(closure);
  }
}

/** What a child gets: its state goes to the policy that made it. */
class OwnChildHelper extends ChildHelper {
  constructor(
    helper: inner.BalancerHelper,
    private readonly onState: (state: ConnectivityState, picker: Picker) => void,
  ) {
    super(helper);
  }

  updateState(state: ConnectivityState, picker: InnerPicker): void {
    this.onState(state, picker as Picker);
  }
}

/** A picker of an application: what it throws, and what is no result, fails the call and nothing else. */
class CheckedPicker implements InnerPicker {
  constructor(private readonly name: string, private readonly picker: Picker) {}

  pick(call: PickedCall): InnerResult {
    try {
      const result = this.picker.pick(call) as InnerResult;
      if (isPicked(result) || result === QUEUE || result instanceof PickFailure) return result;
      handled(result); // a promise may reject: the call fails in any case
      return this.failure(`it picked ${describe(result)}`);
    } catch (error) {
      return this.failure(describeThrown(error));
    }
  }

  private failure(why: string): PickFailure {
    return new PickFailure(`the balancing policy ${this.name} failed: ${why}`, true);
  }
}
