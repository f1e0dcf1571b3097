// Two endpoints connected to each other where the system has no socket pair.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint, EventEngine } from "../contract/engine.ts";

function portOf(address: SocketAddress): number | undefined {
  return "port" in address ? address.port : undefined;
}

/** A pair over loopback TCP, as gRPC makes it on Windows; rejects with an Error where loopback is out of reach. */
export async function pairOverLoopback(engine: EventEngine): Promise<[Endpoint, Endpoint]> {
  const strangers: Endpoint[] = [];
  let onAccept = (endpoint: Endpoint): void => void strangers.push(endpoint);
  const listener = engine.listen({}, (endpoint) => onAccept(endpoint), () => {});
  try {
    const port = await listener.bind({ family: "ipv4", host: "127.0.0.1", port: 0 });
    if (!port.ok) throw new Error(port.error.message);
    listener.start();
    const ours = await new Promise<Endpoint>((resolve, reject) => {
      engine.connect({ family: "ipv4", host: "127.0.0.1", port: port.value }, {}, (result) => {
        if (result.ok) resolve(result.value);
        else reject(new Error(result.error.message));
      });
    });
    // Anyone on this machine may have connected in between; the other end is the one with our port.
    return await new Promise((resolve) => {
      onAccept = (endpoint) => {
        if (portOf(endpoint.peer) === portOf(ours.local)) resolve([ours, endpoint]);
        else endpoint.close();
      };
      for (const endpoint of strangers.splice(0)) onAccept(endpoint);
    });
  } finally {
    for (const endpoint of strangers) endpoint.close();
    listener.shutdown();
  }
}
