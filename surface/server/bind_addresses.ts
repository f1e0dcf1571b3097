// The addresses of a name that a server is to listen on.

import { type DnsTarget, type EventEngine, formatAddress, type SocketAddress } from "../../pollers/mod.ts";

/** Resolves `target` within `timeoutMs`. The process stays alive meanwhile. Rejects with an Error that names it. */
export function addressesOf(
  engine: EventEngine,
  target: DnsTarget,
  timeoutMs: number,
): Promise<SocketAddress[]> {
  const cannot = (why: string) => new Error(`Cannot listen on ${formatAddress(target)}: ${why}`);
  return new Promise((resolve, reject) => {
    engine.hold();
    let over = false;
    const end = (): void => {
      if (!over) engine.release();
      over = true;
    };
    const timer = engine.runAt(engine.now() + timeoutMs, () => {
      end();
      reject(cannot(`the name was not resolved within ${timeoutMs} ms`));
    });
    engine.resolver().lookup(target.host, target.port, (result) => {
      engine.cancel(timer);
      end();
      if (result.ok) resolve(result.value);
      else reject(cannot(result.error.message));
    });
  });
}
