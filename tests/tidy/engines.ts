// Engines of one kind have one shape: the same files, and the same public lists.
import type { Source } from "./source.ts";

/** The files of every engine that has a poller thread. */
const FILES = ["engine", "entry", "mod", "poller_worker", "pollset"];

/** What pollers/readiness/ has for its engines, and an engine whose system says when operations are over has itself. */
const OF_COMPLETIONS = ["connector", "context", "endpoint", "listener", "operations"];

/** What only one system has. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  poll: ["poll_entries"], // the arguments that are made anew for every wait
  io_uring: [
    "ring", // both queues, in memory shared with the kernel
    "buffer_ring",
    "send_memory", // of both kinds of operations that move bytes
    "descriptors", // what an engine has open, for another one, as readiness has it in its table
    "probe", // there may be no ring though there is a C library
  ],
  iocp: [
    "sockets", // Winsock's
    "receiver",
    "sender",
    ...["pipes", "pipe_connector", "pipe_endpoint", "pipe_listener"],
    ...["handle_registry", "orphaned_resources"], // the system reclaims nothing of a thread by descriptors
  ],
};

/** What is wrong with the shape of engines. */
export function engineShapes(sources: readonly Source[]): string[] {
  const folders = new Map<string, Map<string, Source>>();
  for (const source of sources) {
    const [, folder, file] = /^pollers\/(\w+)\/(\w+)\.ts$/.exec(source.path) ?? [];
    if (folder === undefined || file === undefined) continue;
    if (!folders.has(folder)) folders.set(folder, new Map());
    folders.get(folder)!.set(file, source);
  }
  return [...folders].filter(([, files]) => files.has("poller_worker")).flatMap(([folder, files]) => [
    ...wrongFiles(folder, files),
    ...wrongLists(folder, files),
  ]);
}

function wrongFiles(folder: string, files: ReadonlyMap<string, Source>): string[] {
  const isReadiness = files.get("engine")?.imports.some(({ target }) =>
    target === "pollers/readiness/engine.ts"
  );
  const wanted = isReadiness ? FILES : [...FILES, ...OF_COMPLETIONS];
  const known = new Set([...wanted, ...OWN[folder] ?? []]);
  return [
    ...wanted.filter((file) => !files.has(file)).map((file) => `pollers/${folder} has no ${file}.ts`),
    ...[...files.keys()].filter((file) => !known.has(file)).map((file) =>
      `pollers/${folder}/${file}.ts: no other engine has that file; name it among its OWN, or as the others do`
    ),
  ];
}

function wrongLists(folder: string, files: ReadonlyMap<string, Source>): string[] {
  const pascal = folder.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  const camel = pascal[0]!.toLowerCase() + pascal.slice(1);
  const lists: ReadonlyArray<readonly [string, readonly string[]]> = [
    ["mod", [`${camel}Factory`]],
    ["entry", ["*", camel]],
    ["engine", [`${pascal}Engine`, "pollerModule"]],
    ["pollset", ["MAX_EVENTS", "createPollset"]],
    ["poller_worker", []],
  ];
  return lists.flatMap(([file, wanted]) => {
    const source = files.get(file);
    if (source === undefined) return [];
    const found = exported(source.code, file === "pollset");
    const list = file === "pollset" ? found.filter((name) => wanted.includes(name)) : found;
    return list.join() === [...wanted].sort().join()
      ? []
      : [`pollers/${folder}/${file}.ts exports ${found.join(", ")}, not ${wanted.join(", ")}`];
  });
}

/** Names that a file exports, sorted; without types and, where it is asked for, with all else. */
function exported(code: string, values: boolean): string[] {
  const declared = [
    ...code.matchAll(/^export (?:const|function|(?:abstract )?class|async function) (\w+)/gm),
  ];
  const types = values ? [] : [...code.matchAll(/^export (?:interface|type) (\w+)/gm)];
  const listed = [...code.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) => list!.split(","));
  const all = /^export \*/m.test(code) ? ["*"] : [];
  const names = listed.map((one) => one.trim().split(/\s+as\s+/).at(-1)!).filter((name) => name !== "");
  return [...declared.map(([, name]) => name!), ...types.map(([, name]) => name!), ...names, ...all].sort();
}
