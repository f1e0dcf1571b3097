// Modules of Node's that the runtime has, and its `process`, each loaded at its first use.
//
// Imported, they would be loaded by every program that imports this library: on Deno node:fs takes 20 ms of a start, and
// `process`, which brings streams along, 14.

import type process from "node:process";

/** What the runtime knows of its process. */
export function hostProcess(): typeof process {
  return (globalThis as unknown as { readonly process: typeof process }).process;
}

/** The module of a name, as `import * as` has it; the runtime keeps it. */
export const builtin: typeof process.getBuiltinModule = ((name: string) => {
  const host = hostProcess();
  if (host.getBuiltinModule === undefined) throw new Error("this runtime is too old for pollwire");
  return host.getBuiltinModule(name);
}) as typeof process.getBuiltinModule;
