// Two endpoints connected to each other where the system has no socket pair.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EventEngine } from "../contract/engine.ts";

function portOf(address: SocketAddress): number | undefined {
  return "port" in address ? address.port : undefined;
}

/**
 * A pair over loopback TCP, as gRPC makes it on Windows; rejects with an Error where loopback is out of reach, and where the
 * engine is shut down meanwhile.
 */
export async function pairOverLoopback(engine: EventEngine): Promise<[Endpoint, Endpoint]> {
  const strangers: Endpoint[] = [];
  let onAccept = (endpoint: Endpoint): void => void strangers.push(endpoint);
  let onShutdown = (): void => {};
  const isOver = new Promise<never>((_, reject) => {
    onShutdown = () => reject(new Error("Cannot make a pair: the engine was shut down"));
  });
  isOver.catch(() => {}); // which the end of this is as well
  const listener = engine.listen({}, (endpoint) => onAccept(endpoint), () => onShutdown());
  try {
    const port = await listener.bind({ family: "ipv4", host: "127.0.0.1", port: 0 });
    if (!port.ok) throw new Error(port.error.message);
    listener.start();
    const connecting = new Promise<Endpoint>((resolve, reject) => {
      engine.connect({ family: "ipv4", host: "127.0.0.1", port: port.value }, {}, (result) => {
        if (result.ok) resolve(result.value);
        else reject(new Error(result.error.message));
      });
    });
    const ours = await Promise.race([connecting, isOver]);
    // Anyone on this machine may have connected in between; the other end is the one with our port.
    const paired = new Promise<[Endpoint, Endpoint]>((resolve) => {
      onAccept = (endpoint) => {
        if (portOf(endpoint.peer) === portOf(ours.local)) resolve([ours, endpoint]);
        else endpoint.close();
      };
      for (const endpoint of strangers.splice(0)) onAccept(endpoint);
    });
    return await Promise.race([paired, isOver]);
  } finally {
    for (const endpoint of strangers) endpoint.close();
    listener.shutdown();
  }
}
