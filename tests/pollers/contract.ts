// The contract of pollers/contract/engine.ts as tests: give it a factory, and it holds that engine to every rule.
//
//     contractSuite(epollFactory);
//
// Plain sockets of the runtime (plain_peer.ts) play the other side. Each part of the suite is a file of
// contract/; the numbers in test names are the rules at the head of pollers/contract/engine.ts.

import type { EngineFactory, EngineOptions } from "../../pollers/mod.ts";
import { test } from "../harness.ts";
import { addressRules } from "./contract/addresses.ts";
import { byteRules } from "./contract/bytes.ts";
import { closeRules } from "./contract/close.ts";
import { connectRules } from "./contract/connect.ts";
import { endRules } from "./contract/end.ts";
import { flowRules } from "./contract/flow.ts";
import { lifeRules } from "./contract/life.ts";
import { listenRules } from "./contract/listen.ts";
import { nameRules } from "./contract/names.ts";
import { optionRules } from "./contract/options.ts";
import { starvedRules } from "./contract/starved.ts";
import type { Suite } from "./contract/suite.ts";
import { throwRules } from "./contract/throws.ts";
import { timeRules } from "./contract/time.ts";
import { turnRules } from "./contract/turns.ts";

/** Rules that an engine cannot keep for a reason it names: the test's name (or its start) -> the reason. */
export type Exceptions = Readonly<Record<string, string>>;

/** Declares the tests of every rule for the engine of `plain`, made with `options`. */
export function contractSuite(
  plain: EngineFactory,
  exceptions: Exceptions = {},
  options: EngineOptions = {},
): void {
  const factory: EngineFactory = {
    name: [plain.name, ...Object.keys(options)].join(" "),
    probe: () => plain.probe(),
    create: (more) => plain.create({ ...options, ...more }),
  };
  const probed = factory.probe();
  if (!probed.usable) return test(`${factory.name}: the contract`, () => {}, { skip: probed.because });
  const unused = new Set(Object.keys(exceptions));
  const suite: Suite = {
    factory,
    made: { poller: plain.name, options },
    rule(name, body, options = {}) {
      const key = Object.keys(exceptions).find((start) => name.startsWith(start));
      if (key !== undefined) unused.delete(key);
      const skip = options.skip ?? (key === undefined ? undefined : exceptions[key]);
      test(`${factory.name}: ${name}`, body, { ...options, skip });
    },
  };
  const parts = [
    connectRules,
    listenRules,
    addressRules,
    nameRules,
    byteRules,
    flowRules,
    endRules,
    closeRules,
    timeRules,
    turnRules,
    lifeRules,
    throwRules,
    starvedRules,
    optionRules,
  ];
  for (const part of parts) part(suite);
  if (unused.size > 0) throw new Error(`No test starts with ${[...unused].join(", ")}`);
}
