// The features of one channel or server, taken together.

import type { EngineFactory } from "../../pollers/mod.ts";
import type { MessageEncoding } from "../../transport/mod.ts";
import { PICK_FIRST } from "../channel/balancer/pick_first.ts";
import { Policies } from "../channel/balancer/policies.ts";
import type { Resolvers } from "../channel/resolver/resolvers.ts";
import type { KnownPollers } from "../engines.ts";
import { describe } from "../options.ts";
import type { Feature, FeatureParts, MadeFeature } from "./feature.ts";

/** See the head of this file. */
export class FeatureSet implements KnownPollers {
  private readonly all: readonly MadeFeature[];
  /** Balancing policies. */
  readonly policies: Policies;

  /** Those of a class, and those `given` to one of it. Throws TypeError for what are no features; `purpose`: what was tried. */
  constructor(purpose: string, own: readonly Feature[], given: readonly Feature[] = []) {
    if (!Array.isArray(given)) {
      throw new TypeError(`Cannot ${purpose}: features is ${describe(given)}; give a list of features`);
    }
    for (const one of given) {
      if (typeof Object(one).name === "string" && typeof one !== "function") continue;
      throw new TypeError(
        `Cannot ${purpose}: features has ${describe(one)}; give those of "pollwire/features"`,
      );
    }
    this.all = [...own, ...given];
    const balancers = this.all.flatMap((feature) =>
      feature.balancers === undefined ? [] : [feature.balancers]
    );
    const readPolicies = this.first("serviceConfigs")?.readPolicies;
    const others = own.length === 0 ? "; give the channel the feature that has it" : "";
    this.policies = new Policies([[PICK_FIRST], ...balancers], readPolicies, others);
  }

  /** Those that have names. */
  get factories(): EngineFactory[] {
    return this.all.flatMap(({ pollers }) => pollers === undefined ? [] : pollers.factories);
  }

  /** What is chosen where no poller is named; undefined: one has to be. */
  get defaults(): (() => string) | undefined {
    return this.first("pollers")?.defaults;
  }

  /** Resolvers beside those that every channel has. */
  get resolvers(): Resolvers[] {
    return this.all.flatMap(({ resolvers }) => resolvers === undefined ? [] : [resolvers]);
  }

  /** Encodings of messages, in the order in which they are said to be taken. */
  get encodings(): MessageEncoding[] {
    return this.all.flatMap(({ encodings = [] }) => encodings);
  }

  /** What the first feature has that has `part`; undefined where none does. */
  first<Name extends keyof FeatureParts>(part: Name): MadeFeature[Name] | undefined {
    return this.all.find((feature) => feature[part] !== undefined)?.[part];
  }
}
