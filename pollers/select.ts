// Chooses an engine at start: the first of an ordered list of names that can run here, as gRPC's poll strategy.

import type { EngineFactory, EngineOptions, EventEngine } from "./contract/engine.ts";
import { epollFactory } from "./epoll/mod.ts";
import { iocpFactory } from "./iocp/mod.ts";
import { defaultReporter, trace } from "./log/mod.ts";
import { environmentVariable } from "./native/env.ts";
import { nativeFactory, nodeFactory } from "./native/mod.ts";

/** Every engine, in the order in which they are listed. */
const FACTORIES: readonly EngineFactory[] = [nativeFactory, epollFactory, iocpFactory, nodeFactory];

/** The default. */
const DEFAULT_LIST = "native";

/** The environment variable that is read where code names no poller. */
const VARIABLE = "POLLWIRE_POLLER";

/** No engine of a list can be used; the message names each and why. */
export class PollerError extends Error {
  /** "PollerError". */
  override readonly name = "PollerError";
}

/** An engine, and whether it can run here. */
export interface PollerDescription {
  /** The factory's name. */
  readonly name: string;
  /** Whether it can run here. */
  readonly usable: boolean;
  /** Why it cannot run here; undefined where it can. */
  readonly because?: string;
}

/** Every poller there is, with why each can or cannot run here. */
export function describePollers(factories: readonly EngineFactory[] = FACTORIES): PollerDescription[] {
  return factories.map((factory) => {
    const probed = factory.probe();
    return probed.usable
      ? { name: factory.name, usable: true }
      : { name: factory.name, usable: false, because: probed.because };
  });
}

/**
 * The first usable engine of `list`, "epoll,native" or an array; without one, of POLLWIRE_POLLER, else "native".
 *
 * @throws {PollerError} for an unknown name, wherever it is in the list, and where no poller is usable
 */
export function selectPoller(
  list?: string | readonly string[],
  factories: readonly EngineFactory[] = FACTORIES,
): EngineFactory {
  const asked = list ?? environmentVariable(VARIABLE) ?? DEFAULT_LIST;
  const names = (typeof asked === "string" ? asked.split(",") : asked).map((name) => name.trim())
    .filter((name) => name !== "");
  const quoted = JSON.stringify(names.join(","));
  const chosen = names.map((name) => {
    const factory = factories.find((candidate) => candidate.name === name);
    if (factory !== undefined) return factory;
    const known = factories.map((candidate) => candidate.name).join(", ");
    throw new PollerError(
      `Cannot select a poller from ${quoted}: ${JSON.stringify(name)} is unknown; there are ${known}`,
    );
  });
  const refusals: string[] = [];
  for (const factory of chosen) {
    const probed = factory.probe();
    if (probed.usable) {
      if (trace.poller) {
        const others = refusals.length === 0 ? "" : ` (${refusals.join("; ")})`;
        defaultReporter.trace("poller", `chose ${factory.name} of ${quoted}${others}`);
      }
      return factory;
    }
    refusals.push(`${factory.name}: ${probed.because}`);
  }
  throw new PollerError(
    `Cannot select a poller from ${quoted}: ${refusals.join("; ") || "the list is empty"}`,
  );
}

/**
 * An engine of the first usable poller; see {@linkcode selectPoller}.
 *
 * @throws {PollerError} as {@linkcode selectPoller} does
 * @throws {Error} where the system has no resources left for the engine
 */
export function createEngine(list?: string | readonly string[], options: EngineOptions = {}): EventEngine {
  return selectPoller(list).create(options);
}
