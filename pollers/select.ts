// Every poller there is, by name.

import { choosePoller, knownNames, type PollerChoice, PollerError } from "./choose.ts";
import type { EngineFactory, EngineOptions, EventEngine } from "./contract/engine.ts";
import { checkNames } from "./core/option_names.ts";
import { ffiPoller, type FfiPollerName } from "./ffi_pollers.ts";
import { environmentVariable } from "./native/env.ts";
import { nativeFactory, nodeFactory } from "./native/mod.ts";

/** Every engine, in the order in which they are listed; those of others are behind. */
const known: EngineFactory[] = [
  nativeFactory,
  throughFfi("epoll"),
  throughFfi("iocp"),
  throughFfi("poll"),
  throughFfi("io_uring"),
  nodeFactory,
];

/** Every engine that has a name. */
export const FACTORIES: readonly EngineFactory[] = known;

/** The default. */
const DEFAULT_LIST = "native";

/** The environment variable that is read where code names no poller. */
const VARIABLE = "POLLWIRE_POLLER";

const OPTIONS: Readonly<Record<keyof EngineOptions, true>> = {
  readBufferBytes: true,
  ownThread: true,
  spinUs: true,
};

/** Its poller is not touched before it is asked for something. */
function throughFfi(name: FfiPollerName): EngineFactory {
  return {
    name,
    probe: () => ffiPoller(name).probe(),
    create: (options) => ffiPoller(name).create(options),
  };
}

/** An engine, and whether it can run here. */
export interface PollerDescription {
  /** The factory's name. */
  readonly name: string;
  /** Whether it can run here. */
  readonly usable: boolean;
  /** Why it cannot run here; undefined where it can. */
  readonly because?: string;
  /** What to know before it is used, where it can be. */
  readonly caution?: string;
}

/**
 * Gives a poller of your own a name on this thread: lists of pollers, POLLWIRE_POLLER and {@linkcode describePollers} have it
 * from then on. Returns a function that takes the name back; engines that were made stay. Reactor workers are other threads:
 * their service module registers it as well.
 *
 * @throws {TypeError} for what is no factory, a name that stands in no list, and one that is taken
 */
export function registerPoller(factory: EngineFactory): () => void {
  const { name, probe, create } = (factory ?? {}) as Partial<EngineFactory>;
  if (typeof name !== "string" || typeof probe !== "function" || typeof create !== "function") {
    throw new TypeError(
      "Cannot register a poller: expected an object with name, probe() and create(options)",
    );
  }
  if (!/^[^\s,]+$/.test(name)) {
    throw new TypeError(
      `Cannot register poller ${JSON.stringify(name)}: a name is not empty and has no comma and no space`,
    );
  }
  if (known.some((other) => other.name === name)) {
    throw new TypeError(`Cannot register poller "${name}": there is one of that name`);
  }
  known.push(factory);
  return () => {
    const at = known.indexOf(factory);
    if (at >= 0) known.splice(at, 1);
  };
}

/** Every poller there is, with why each can or cannot run here. */
export function describePollers(factories: readonly EngineFactory[] = FACTORIES): PollerDescription[] {
  return factories.map((factory) => {
    const probed = factory.probe();
    return probed.usable
      ? { ...probed, name: factory.name }
      : { name: factory.name, usable: false, because: probed.because };
  });
}

/**
 * What those choose from who name no poller: POLLWIRE_POLLER, else "native". Throws PollerError where that has a name which
 * none of `factories` has: code that names no poller would not say where it comes from.
 */
export function defaultPollers(factories: readonly EngineFactory[] = FACTORIES): string {
  const list = environmentVariable(VARIABLE);
  if (list === undefined) return DEFAULT_LIST;
  for (const given of list.split(",")) {
    const name = given.trim();
    if (name === "" || factories.some((factory) => factory.name === name)) continue;
    throw new PollerError(
      `Cannot select a poller from ${JSON.stringify(list)}, the variable ${VARIABLE}: ` +
        `${JSON.stringify(name)} is unknown; ${knownNames(factories)}`,
    );
  }
  return list;
}

/**
 * The first usable engine of `list`, "epoll,native" or an array; without one, of POLLWIRE_POLLER, else "native".
 *
 * @throws {PollerError} for an unknown name, wherever it is in the list, and where no poller is usable
 */
export function selectPoller(
  list?: PollerChoice,
  factories: readonly EngineFactory[] = FACTORIES,
): EngineFactory {
  return choosePoller(list ?? defaultPollers(factories), factories);
}

/**
 * An engine of the first usable poller; see {@linkcode selectPoller}.
 *
 * @throws {PollerError} as {@linkcode selectPoller} does
 * @throws {RangeError} for an option that is out of its range
 * @throws {TypeError} for an option that there is not
 * @throws {Error} where the system has no resources left for the engine
 */
export function createEngine(list?: PollerChoice, options: EngineOptions = {}): EventEngine {
  checkNames("create an engine", options, OPTIONS);
  return selectPoller(list).create(options);
}
