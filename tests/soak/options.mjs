// What `npm run soak` takes.
import { POLLERS, POSITIVE } from "../../.ci/arguments.mjs";

/** What it does, and examples. */
export const USAGE =
  `npm run soak: mixed calls between a server process and a client process, watched for wrong
answers and for what grows. Every minute has a line; the end is a verdict and a chart. Ctrl-C ends it early.

  npm run soak -- --minutes=60 --rate=100 --runtime=bun --poller=epoll`;

/** Options, as `.ci/arguments.mjs` takes them. */
export const OPTIONS = {
  minutes: [
    30,
    "how long; heaps of Deno take up to ten minutes to reach their level at 100 calls a second",
    POSITIVE,
  ],
  rate: [100, "calls a second", POSITIVE],
  every: [60, "seconds from line to line; the verdict on memory wants nine lines at least", POSITIVE],
  runtime: ["deno", "runtime of both processes", ["deno", "bun"]],
  poller: ["native", "poller of both processes", POLLERS],
  seed: [1, "what the traffic is drawn by"],
};
