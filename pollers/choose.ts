// Chooses among pollers: the first of an ordered list that can run here, as gRPC's poll strategy.

import type { EngineFactory, ProbeResult } from "./contract/engine.ts";
import { textOf } from "./log/describe.ts";
import { defaultReporter, trace } from "./log/mod.ts";

/** Pollers in the order in which they are tried: by names, "epoll,native", or themselves, as modules of pollers export them. */
export type PollerChoice = string | EngineFactory | ReadonlyArray<string | EngineFactory>;

/** No engine of a list can be used; the message names each and why. */
export class PollerError extends Error {
  /** "PollerError". */
  override readonly name = "PollerError";
}

/**
 * The first usable poller of `asked`, whose names are those of `known`. One that `runs` already is not asked whether it can
 * run: io_uring makes a ring to find out, for which no descriptor may be left.
 *
 * @throws {PollerError} for an unknown name, wherever it is in the list, and where no poller is usable
 * @throws {TypeError} for what is neither a name nor a poller
 */
export function choosePoller(
  asked: PollerChoice,
  known: readonly EngineFactory[],
  runs: (name: string) => boolean = () => false,
): EngineFactory {
  const list: readonly (string | EngineFactory)[] = typeof asked === "string"
    ? asked.split(",")
    : Array.isArray(asked)
    ? asked
    : [asked];
  for (const one of list) checkPoller(one);
  const given = list.map((one) => typeof one === "string" ? one.trim() : one).filter((one) => one !== "");
  const quoted = JSON.stringify(given.map((one) => typeof one === "string" ? one : one.name).join(","));
  const chosen = given.map((one) => {
    const factory = typeof one === "string" ? known.find(({ name }) => name === one) : one;
    if (factory !== undefined) return factory;
    throw new PollerError(
      `Cannot select a poller from ${quoted}: ${JSON.stringify(one)} is unknown; ${knownNames(known)}`,
    );
  });
  const refusals: string[] = [];
  for (const factory of chosen) {
    const probed: ProbeResult = runs(factory.name) ? { usable: true } : factory.probe();
    if (probed.usable) {
      if (trace.poller) {
        const others = refusals.length === 0 ? "" : ` (${refusals.join("; ")})`;
        const caution = probed.caution === undefined ? "" : `, ${probed.caution},`;
        defaultReporter.trace("poller", `chose ${factory.name}${caution} of ${quoted}${others}`);
      }
      return factory;
    }
    refusals.push(`${factory.name}: ${probed.because}`);
  }
  throw new PollerError(
    `Cannot select a poller from ${quoted}: ${refusals.join("; ") || "the list is empty"}`,
  );
}

function checkPoller(given: unknown): void {
  const { name, probe, create } = (given ?? {}) as Partial<EngineFactory>;
  const isPoller = typeof name === "string" && typeof probe === "function" && typeof create === "function";
  if (typeof given === "string" || isPoller) return;
  throw new TypeError(
    `Cannot select a poller: expected names ("epoll,native"), or pollers themselves, found ${textOf(given)}`,
  );
}

/** "there are native, epoll", for the error of a name that is none of them. */
export function knownNames(known: readonly EngineFactory[]): string {
  return known.length === 0
    ? 'no poller is known by name here: give one itself, as "native" of "pollwire/pollers/native"'
    : `there are ${known.map(({ name }) => name).join(", ")}`;
}
