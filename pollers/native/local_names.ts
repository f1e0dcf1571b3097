// What this machine is called on the network, as the system says.

import { hostname, networkInterfaces } from "node:os";

/** The machine's own addresses and names, the loopback ones among them. */
export function localNames(): Set<string> {
  const names = new Set(["localhost", "127.0.0.1", "::1"]);
  try {
    names.add(hostname());
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address } of addresses ?? []) names.add(address);
    }
  } catch { // Deno without --allow-sys
  }
  return names;
}
