// The half of engines on the runtime's sockets that listens, apart from the half that connects: a program that only
// connects has no use for it.

import type { Endpoint, Listener, ListenOptions } from "../contract/engine.ts";
import type { IoError } from "../contract/io_error.ts";
import { pairOverLoopback } from "../core/loopback_pair.ts";
import { resourcesHeld } from "../core/thread_resources.ts";
import { BunNativeListener } from "./bun_listener.ts";
import { DenoNativeListener } from "./deno_listener.ts";
import { runtime } from "./detect.ts";
import type { ListeningHalf, NativeEngine } from "./engine.ts";
import { NodeNativeListener } from "./node_listener.ts";
import { isServedOnLinux } from "./served.ts";
import { Spares } from "./spares.ts";

/** Makes a listener, see `EventEngine.listen`; `spares` are for its second descriptors. */
type ListenerClass = new (
  engine: NativeEngine,
  options: ListenOptions,
  onAccept: (endpoint: Endpoint) => void,
  onShutdown: (error?: IoError) => void,
  spares: Spares,
) => Listener;

const OWN: Readonly<Record<typeof runtime, ListenerClass>> = {
  deno: DenoNativeListener,
  bun: BunNativeListener,
  node: NodeNativeListener,
};

/** The second descriptors of all engines of this thread. */
const spares = /* @__PURE__ */ new Spares();

class Listening implements ListeningHalf {
  readonly spares: Spares = spares;

  constructor(private readonly engine: NativeEngine, private readonly listener: ListenerClass) {
    resourcesHeld(spares, engine.name, () => spares.exportResources());
  }

  listen(
    options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new this.listener(this.engine, options, onAccept, onShutdown, this.spares);
  }

  /** Over loopback TCP: no runtime offers a socket pair. */
  pair(): Promise<[Endpoint, Endpoint]> {
    return pairOverLoopback(this.engine);
  }

  /** Bun calls every failure to connect to a unix socket a refusal, so the system is asked. */
  isServed(path: string): boolean | undefined {
    return runtime === "bun" ? isServedOnLinux(path) : undefined;
  }
}

/** Listens by the runtime's own sockets. */
export function listeningByRuntime(engine: NativeEngine): ListeningHalf {
  return new Listening(engine, OWN[runtime]);
}

/** Listens by node:net. */
export function listeningByNode(engine: NativeEngine): ListeningHalf {
  return new Listening(engine, NodeNativeListener);
}
