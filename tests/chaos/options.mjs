// What `npm run chaos` takes.
import { COUNT, POLLERS, POSITIVE, WHOLE } from "../../.ci/arguments.mjs";

/** One sentence and examples. */
export const USAGE =
  `npm run chaos: three servers, one of them on Go gRPC where it is installed, are killed, frozen, drained and moved
under calls, packets are lost before them, and etcd, which names them, is restarted. What the servers executed stands in their logs; by these the
verdict says whether a call was lost that is to be retried, or made twice that must not be. With --seeds the same happens in
virtual time.

  npm run chaos -- --seconds=600 --runtime=bun --poller=epoll
  npm run chaos -- --seeds=1000
  npm run chaos -- --seeds=1 --seed=17          with its faults`;

/** Options, as \`.ci/arguments.mjs\` takes them. */
export const OPTIONS = {
  seconds: [120, "how long", POSITIVE],
  callers: [200, "calls at once", COUNT],
  poller: ["native", "poller of the client and of our servers", POLLERS],
  seed: [1, "of everything random; the first one with --seeds"],
  seeds: [0, "how many programs in virtual time, in place of processes", WHOLE],
};
