// Which tests run on which poller, and why not all on each: the whole takes half an hour as it is.

/** Tests of what is the same whichever poller runs. */
const ABOVE_POLLERS = ["surface", "peers", "interop", "attack", "handshakes", "examples"];

/** Of these, what is run once a runtime: it asks no poller for anything, or goes through all of them by name. */
const ONCE = [
  "surface/proto",
  "surface/cli",
  "surface/adapters",
  "surface/channel/service_config",
  "surface/in_process_suites_test.ts",
  // By name, in both thread shapes.
  "surface/blocking/helper_test.ts",
  "surface/blocking/sync_client_test.ts",
  "surface/credentials/engines_test.ts",
  "surface/queue/blocking_test.ts",
  "surface/throws_test.ts",
];

/** The same RouteGuide in every style, as programs. */
const STYLES = "examples/styles_test.ts";

/**
 * Calls from end to end, workers and other people's programs: what a poller could break whose sockets are its own. All of
 * surface/blocking and surface/workers passed on io_uring too, and takes two minutes more.
 */
const END_TO_END = [
  "surface/calls_test.ts",
  "surface/lifecycle_test.ts",
  "surface/flow_control_test.ts",
  "surface/how_calls_end_test.ts",
  "surface/nothing_left_test.ts",
  "surface/workers/reactor_workers_test.ts",
  "peers",
  STYLES,
];

/** What a poller could break that shares its sockets with another one: the rest would find nothing that epoll's run does not. */
const WAITS_ANEW = [
  "surface/calls_test.ts",
  "surface/lifecycle_test.ts",
  "surface/flow_control_test.ts",
  "surface/nothing_left_test.ts",
  "surface/workers/boss_test.ts",
  STYLES,
];

/**
 * What runs on a poller besides everything on `native`: on `epoll`, which has its own sockets and threads, all above the
 * pollers; on `io_uring`, whose operations are its own, what goes from end to end; on `poll`, which has epoll's sockets,
 * what shows that calls and workers work on it; on `node`, which is there for comparison, the examples beside its contract
 * suite. Threads that block, and TLS, are tried on every one of them by tests that run once.
 */
const SUITES = {
  epoll: ABOVE_POLLERS,
  iocp: ABOVE_POLLERS,
  io_uring: END_TO_END,
  poll: WAITS_ANEW,
  node: [STYLES],
};

/** The folders and files, below tests/, that run on `poller` once more. */
export function suitesOn(poller) {
  return SUITES[poller] ?? ABOVE_POLLERS;
}

/** Those of `files` that run on `poller` once more. */
export function filesOn(poller, files) {
  const among = (paths) => (file) => paths.some((path) => isBelow(file, `tests/${path}`));
  return files.filter(among(suitesOn(poller))).filter((file) => !among(ONCE)(file));
}

function isBelow(file, path) {
  return file === path || file.startsWith(`${path}/`);
}
