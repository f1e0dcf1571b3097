// What the native engines of all runtimes share: the runtime's loop, its resolver, and pairs.

import { BaseEngine } from "../core/base_engine.ts";
import { pairOverLoopback } from "../core/loopback_pair.ts";
import type { Endpoint, EngineOptions, Resolver } from "../engine.ts";
import { runtime } from "./detect.ts";
import { SystemResolver } from "./dns.ts";
import { runtimeLoop } from "./runtime_loop.ts";
import { isServedOnLinux } from "./served.ts";

/** An engine on the runtime's own sockets; each runtime adds how to connect and to listen. */
export abstract class NativeEngine extends BaseEngine {
  /** `name` as the factory has it. */
  constructor(name: string, options: EngineOptions) {
    super(name, options, runtimeLoop);
  }

  /** Over loopback TCP: no runtime offers a socket pair. */
  override pair(): Promise<[Endpoint, Endpoint]> {
    return pairOverLoopback(this);
  }

  /** The system's resolver. */
  override resolver(): Resolver {
    return new SystemResolver(this);
  }

  /** See the base class. Bun calls every failure to connect to a unix socket a refusal, so the system is asked. */
  override isServed(path: string): Promise<boolean> {
    const served = runtime === "bun" ? isServedOnLinux(path) : undefined;
    return served === undefined ? super.isServed(path) : Promise.resolve(served);
  }
}
