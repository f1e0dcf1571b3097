// The oldest versions of the runtimes that this library runs on, which `npm run test:oldest` tries.
//
// Bun before 1.2.18 ends with a segmentation fault at the first call. Deno before 2.6.4 does not tell when a thread has
// ended, for which a shutdown waits, or fails at once. Node before 20.16 has no `process.getBuiltinModule`.

import type process from "node:process";

/** Something that has the version of a runtime. */
interface Host {
  readonly Bun?: { readonly version: string };
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly process: typeof process;
}

/** Why the runtime cannot be used, as a sentence; undefined where it can. */
export function whyTooOld(host: unknown = globalThis): string | undefined {
  const { Bun, Deno, process } = host as Host;
  if (Bun !== undefined) return older("Bun", Bun.version, 1, 3);
  return Deno !== undefined
    ? older("Deno", Deno.version.deno, 2, 7)
    : older("Node", process.versions.node, 20, 16);
}

/** Whether this runtime can be used: what a poller's probe says that needs nothing else. */
export function probeRuntime(): { usable: true } | { usable: false; because: string } {
  const because = whyTooOld();
  return because === undefined ? { usable: true } : { usable: false, because };
}

function older(name: string, found: string, major: number, minor: number): string | undefined {
  const [foundMajor = 0, foundMinor = 0] = found.split(".").map(Number);
  return foundMajor < major || (foundMajor === major && foundMinor < minor)
    ? `this is ${name} ${found}, and pollwire needs ${major}.${minor} or newer`
    : undefined;
}
