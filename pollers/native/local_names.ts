// What this machine is called on the network, as the system says.

import { builtin } from "./builtin.ts";
import { isGranted } from "./permission.ts";

/** The machine's own addresses and names, in lower case: the loopback ones, and those that Deno is allowed to ask for (--allow-sys). */
export function localNames(): Set<string> {
  const names = new Set(["localhost", "127.0.0.1", "::1"]);
  const own = hostName();
  if (own !== undefined) names.add(own.toLowerCase());
  if (!isGranted({ name: "sys", kind: "networkInterfaces" })) return names;
  for (const addresses of Object.values(builtin("node:os").networkInterfaces())) {
    for (const { address } of addresses ?? []) names.add(address);
  }
  return names;
}

/** The machine's name; undefined where Deno does not allow it to be asked for (--allow-sys). */
export function hostName(): string | undefined {
  return isGranted({ name: "sys", kind: "hostname" }) ? builtin("node:os").hostname() : undefined;
}
